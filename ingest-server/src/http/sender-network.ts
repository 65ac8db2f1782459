import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import type { Config } from '../config.js';
import { networkOf } from '../core/admission/client-network.js';
import { isSenders } from '../core/admission/known-address.js';

/** Which network something comes from; undefined where its sender is not known, or has gone. */
export interface SenderNetwork {
  /** By the connection, and behind trusted proxies by X-Forwarded-For. */
  ofRequest(request: IncomingMessage): string | undefined;
  /** By the connection alone: undefined for that of a trusted proxy. */
  ofConnection(socket: Socket): string | undefined;
}

/** The settings that tell whose address counts. */
export type AddressSettings = Pick<
  Config,
  'trustedProxies' | 'limitsAnyAddress' | 'addressRequestsPerSecond' | 'addressBytesPerSecond'
>;

/** Reads networks from addresses. A connection that has gone has none, and nobody to refuse. */
export function createSenderNetwork({ trustedProxies, limitsAnyAddress, ...limits }: AddressSettings): SenderNetwork {
  if (limits.addressRequestsPerSecond === 0 && limits.addressBytesPerSecond === 0) {
    return { ofRequest: () => undefined, ofConnection: () => undefined };
  }
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  const isBehindProxies = trustedProxies.length > 0;
  const known = (address: string, headers: IncomingMessage['headers']) =>
    limitsAnyAddress || isSenders(address, headers) ? networkOf(address) : undefined;
  return {
    ofRequest(request) {
      const peer = request.socket.remoteAddress;
      if (!peer) return undefined;
      return known(isBehindProxies ? proxyAddr(request, isTrusted) : peer, request.headers);
    },
    ofConnection({ remoteAddress: peer }) {
      if (!peer || (isBehindProxies && isTrusted(peer, 0))) return undefined;
      return known(peer, {});
    },
  };
}

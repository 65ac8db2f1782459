import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HostCheck } from '@millrace/kit/host-check';
import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import type { Metrics } from '../plugins/metric-counters.js';
import { refusalBody, refusalHeaders } from './refusal.js';

/**
 * Requests of one connection that may wait for their answers. Browsers, proxies and trackers send one at a time; who
 * sends thousands and reads nothing would have the answers wait here.
 */
export const maxPipelined = 32;

/** What the guard asks, and who counts. */
export interface ConnectionGuardOptions {
  isHost: HostCheck;
  /** Closes a connection that sent a flood. */
  flooded(socket: Socket): void;
  /** The connections of which nothing more is believed: they end with the answer that they got. */
  distrusted: WeakSet<Socket>;
  metrics: Pick<Metrics, 'refusedUnread'>;
}

interface Connection {
  /** Requests without an answer. */
  waiting: number;
  answered(): void;
}

/** Why a request's framing is not to be trusted (RFC 9112, 6.1): what we answer then. */
function framingFault({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage) {
  const codings = headers['transfer-encoding'];
  if (codings === undefined) return undefined;
  if (httpVersionMajor === 1 && httpVersionMinor === 0) {
    return { code: 'unreadable', message: 'Transfer-Encoding is not part of HTTP/1.0: send Content-Length' } as const;
  }
  if (codings.toLowerCase() === 'chunked') return undefined;
  const message = `unsupported Transfer-Encoding "${codings.slice(0, 64)}": send chunked alone, and compression as Content-Encoding`;
  return { code: 'unsupported_transfer', message } as const;
}

/**
 * Looks at every request first. The returned function says whether the request may go on: not on a connection that has
 * gone or sent too many at once, not with a framing that another server may read in another way, and not under a host
 * name that is not ours.
 */
export function createConnectionGuard({ isHost, flooded, distrusted, metrics }: ConnectionGuardOptions) {
  const connections = new WeakMap<Socket, Connection>();

  /** Made once a connection, so that a request costs a look-up and no more. */
  function connectionOf(socket: Socket): Connection {
    let found = connections.get(socket);
    if (found === undefined) {
      const made: Connection = { waiting: 0, answered: () => (made.waiting -= 1) };
      connections.set(socket, made);
      found = made;
    }
    return found;
  }

  function refuse(response: ServerResponse, code: RequestErrorCode, message: string, isLast: boolean) {
    const body = refusalBody(code, message);
    response.writeHead(requestErrors[code].status, {
      ...refusalHeaders(code),
      'content-length': Buffer.byteLength(body),
      ...(isLast ? { connection: 'close' } : {}),
    });
    response.end(body);
    metrics.refusedUnread(code);
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { socket } = request;
    // The parser goes on with what it has of a connection that was closed.
    if (socket.destroyed || distrusted.has(socket)) return false;
    const connection = connectionOf(socket);
    if (connection.waiting === maxPipelined) {
      metrics.refusedUnread('too_many_requests');
      flooded(socket);
      return false;
    }
    connection.waiting += 1;
    response.on('close', connection.answered);
    const fault = framingFault(request);
    if (fault !== undefined) {
      distrusted.add(socket);
      refuse(response, fault.code, fault.message, true);
      return false;
    }
    const { host } = request.headers;
    if (isHost(host)) return true;
    const named = host === undefined ? 'no host name' : `the host name "${host.slice(0, 255)}"`;
    refuse(response, 'wrong_host', `this server does not answer under ${named}: add it to MILLRACE_HOSTS`, false);
    return false;
  };
}

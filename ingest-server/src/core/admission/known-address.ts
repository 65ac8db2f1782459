import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

/** What proxies say of the client. Anybody can write them, so they only tell that there may be a proxy. */
const forwarding = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'] as const;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

const insideNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  insideNetworks.addSubnet(network, prefix);
}
insideNetworks.addSubnet('fc00::', 7, 'ipv6');
insideNetworks.addSubnet('fe80::', 10, 'ipv6');

const isIn = (list: BlockList, address: string) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

let lastPeer = '';
let lastKind: 'public' | 'inside' | 'loopback' = 'public';

function kindOf(peer: string): typeof lastKind {
  if (peer !== lastPeer) {
    lastPeer = peer;
    lastKind = isIn(loopback, peer) ? 'loopback' : isIn(insideNetworks, peer) ? 'inside' : 'public';
  }
  return lastKind;
}

/**
 * Whether the address of a connection is that of the sender, where no proxy is trusted. One from a private network may
 * be a balancer's, or a container's gateway, behind which everybody is; one from this machine is, if it forwards.
 */
export function isSenders(peer: string, headers: IncomingHttpHeaders): boolean {
  const kind = kindOf(peer);
  return kind === 'public' || (kind === 'loopback' && !forwarding.some((name) => headers[name] !== undefined));
}

import { isIPv6 } from 'node:net';

/**
 * The network that a client's address counts under: an IPv4 address, or the /64 of an IPv6 one, within which a
 * subscriber can change addresses at will. Kept in memory only.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
    while (groups.length + behind < 8) groups.push('0');
  }
  const first = [...groups, ...(tail ?? '').split(':')].slice(0, 4);
  return `${first.map((group) => (group === '' ? '0' : group.replace(/^0+(?=.)/, ''))).join(':')}::/64`;
}

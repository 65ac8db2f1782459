/** Whether requests with this Host header are answered. */
export type HostCheck = (host: string | undefined) => boolean;

/** The name of a Host header, without its port. */
const nameOf = (host: string) => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');

/**
 * Checks Host headers against names; `*.NAME` is every name below. A page of another site can make its own name point
 * at this machine (DNS rebinding) and would then read what is served here: its requests still carry that name.
 * @param names empty: every name is answered
 */
export function createHostCheck(names: readonly string[]): HostCheck {
  if (names.length === 0) return () => true;
  const whole = new Set(names);
  const below = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  let last: string | undefined;
  return (host) => {
    if (host === undefined) return false;
    if (host === last) return true;
    const name = nameOf(host);
    const isOurs = whole.has(name) || below.some((end) => name.endsWith(end) && name.length > end.length);
    if (isOurs) last = host;
    return isOurs;
  };
}

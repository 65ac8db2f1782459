/** Whether requests with this Host header are answered. */
export type HostCheck = (host: string | undefined) => boolean;

/** Among names: all that always mean this machine, `localhost`, what is below it, 127.0.0.0/8 and `[::1]`. */
export const loopback = 'loopback';

const loopbackName = /^(([a-z0-9_-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The name of a Host header, without its port. */
const nameOf = (host: string) => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');

/**
 * Names as a setting has them: `collect.example *.localhost 127.0.0.1 [::1]`, without ports, or `loopback`; `*` for
 * every name, which gives none.
 * @throws RangeError that names a wrong one
 */
export function parseHosts(text: string): string[] {
  const names = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== '');
  const wrong = names.find((name) => !/^(\*|(\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(name));
  if (wrong !== undefined) throw new RangeError(`${JSON.stringify(wrong)} is no host name`);
  return names.includes('*') ? [] : names;
}

/**
 * Checks Host headers against names; `*.NAME` is every name below. A page of another site can make its own name point
 * at this machine (DNS rebinding) and would then read what is served here: its requests still carry that name.
 * @param names empty: every name is answered
 */
export function createHostCheck(names: readonly string[]): HostCheck {
  if (names.length === 0) return () => true;
  const whole = new Set(names);
  const below = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  const hasLoopback = whole.has(loopback);
  let last: string | undefined;
  return (host) => {
    if (host === undefined) return false;
    if (host === last) return true;
    const name = nameOf(host);
    const isOurs =
      (whole.has(name) && name !== loopback) ||
      (hasLoopback && loopbackName.test(name)) ||
      below.some((end) => name.endsWith(end) && name.length > end.length);
    if (isOurs) last = host;
    return isOurs;
  };
}

/** Whether a page of this origin has a name that passes the check; `null`, of a page without one, does not. */
export function isOriginOf(origin: string, isHost: HostCheck): boolean {
  return /^https?:/.test(origin) && URL.canParse(origin) && isHost(new URL(origin).host);
}

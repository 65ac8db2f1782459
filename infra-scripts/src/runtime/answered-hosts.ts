import { createHostCheck, loopback, parseHosts } from '@millrace/kit/host-check';
import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * The host names under which what runs on this machine answers, as MILLRACE_HOSTS has them: those of the machine, and
 * the ones that the setting names. Empty for every name.
 * @throws MillraceError BAD_SETTINGS
 */
export function answeredHosts(env: NodeJS.ProcessEnv = process.env): string[] {
  if (!env.MILLRACE_HOSTS) return [loopback];
  try {
    const names = parseHosts(env.MILLRACE_HOSTS);
    return names.length === 0 ? [] : [loopback, ...names];
  } catch (error) {
    throw new MillraceError('BAD_SETTINGS', `MILLRACE_HOSTS: ${(error as Error).message}`, { exitCode: 2 });
  }
}

const isLoopback = createHostCheck([loopback]);
const isThisMachine = (address: string) => address === '::1' || isLoopback(address);

/** The same for the ingest server, which may listen on other addresses: there others have names for it. */
export function ingestHosts(env: NodeJS.ProcessEnv = process.env): string {
  const { MILLRACE_HOST: address, MILLRACE_HOSTS: names } = env;
  if (!names && address && !isThisMachine(address)) return '*';
  const hosts = answeredHosts(env);
  return hosts.length === 0 ? '*' : hosts.join(' ');
}

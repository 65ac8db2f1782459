import { MillraceError } from '@millrace/kit/millrace-error';
import { type Catalogue, defaultCatalogue } from '@millrace/sdk/schema';
import type { Origins } from './core/admission/origins.js';
import type { WriteKey } from './core/admission/write-keys.js';
import type { SpreadName } from './core/delivery/spread.js';
import { addressDefaults, minSpoolBytes, readEnvironment, type Settings } from './settings.js';

/** The ingest server's configuration: made by `loadConfig`, or by hand inside another program. */
export interface Config {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** The Kinesis stream's name. Endpoint, region and credentials come from the AWS SDK's own chain. */
  stream: string;
  /** Who may send, and the site that their events are stored under. */
  writeKeys: readonly WriteKey[];
  /** Which pages may send, by write key. */
  origins: Origins;
  spoolFolder: string;
  spoolMaxBytes: number;
  /** How records are spread over the stream's shards. */
  spread: SpreadName;
  /** For how long a record waits, at most, for more events. */
  lingerMs: number;
  ackTimeoutMs: number;
  catalogue: Catalogue;
  /** Requests per second that one write key, or one client address, may send; 0 for no limit. */
  keyRequestsPerSecond: number;
  addressRequestsPerSecond: number;
  /** Bytes per second, unzipped, that one client address may send; 0 for no limit. */
  addressBytesPerSecond: number;
  /** Whether the limits of an address also count where it may be that of a proxy. */
  limitsAnyAddress: boolean;
  /** The host names under which the server answers; empty for every name. */
  hosts: readonly string[];
  /** Addresses and networks whose X-Forwarded-For counts. */
  trustedProxies: readonly string[];
  /** For how long a turn of the event loop takes requests before it refuses the rest; 0 refuses none. */
  shedDelayMs: number;
  /** The token for reading the last events at /v1/recent; undefined switches that off. */
  recentToken: string | undefined;
  /** For how long the server takes requests after SIGTERM, while `/readyz` answers 503. */
  drainMs: number;
  /** The number of server processes. With several, each has a spool in a folder below `spoolFolder`. */
  workers: number;
  /** The file behind GET /millrace.js; undefined for the tracker of @millrace/sdk. */
  clientScript: string | undefined;
}

/** A line for each contradiction between settings that are valid by themselves. */
function contradictions(read: Partial<Settings>): string[] {
  const { MILLRACE_WRITE_KEYS: keys, MILLRACE_ORIGINS: origins, MILLRACE_WORKERS: workers = 1 } = read;
  const problems: string[] = [];
  for (const key of origins?.byKey.keys() ?? []) {
    if (keys?.some((known) => known.key === key) === false) {
      problems.push(`MILLRACE_ORIGINS names the write key "${key}", which is not in MILLRACE_WRITE_KEYS`);
    }
  }
  if (read.MILLRACE_RECENT_TOKEN !== undefined && workers > 1) {
    problems.push('MILLRACE_RECENT_TOKEN needs MILLRACE_WORKERS=1: each process sees only its own events');
  }
  const { MILLRACE_LINGER_MS: lingerMs, MILLRACE_ACK_TIMEOUT_MS: ackTimeoutMs } = read;
  if (lingerMs !== undefined && ackTimeoutMs !== undefined && lingerMs > ackTimeoutMs / 2) {
    problems.push(
      `MILLRACE_LINGER_MS=${lingerMs} must be at most half of MILLRACE_ACK_TIMEOUT_MS=${ackTimeoutMs}: else all events would go by the spool`,
    );
  }
  const spoolBytes = read.MILLRACE_SPOOL_MAX_BYTES;
  if (spoolBytes !== undefined && spoolBytes < workers * minSpoolBytes) {
    problems.push(
      `MILLRACE_SPOOL_MAX_BYTES=${spoolBytes} must be at least 1048576 (1 MiB) for each of the ${workers} processes of MILLRACE_WORKERS`,
    );
  }
  return problems;
}

/**
 * The configuration, from the environment.
 * @throws MillraceError BAD_SETTINGS with a line for each wrong variable: name, value, what is expected
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const { read, problems } = readEnvironment(env);
  problems.push(...contradictions(read));
  if (problems.length > 0) {
    const list = problems.map((problem) => `  ${problem}`).join('\n');
    throw new MillraceError('BAD_SETTINGS', `Invalid settings:\n${list}`, { exitCode: 2 });
  }
  const settings = read as Settings;
  const { MILLRACE_ADDRESS_REQUESTS_PER_SECOND: requestsPerSecond, MILLRACE_ADDRESS_BYTES_PER_SECOND: bytesPerSecond } =
    settings;
  return {
    host: settings.MILLRACE_HOST,
    port: settings.MILLRACE_PORT,
    stream: settings.MILLRACE_STREAM,
    writeKeys: settings.MILLRACE_WRITE_KEYS,
    origins: settings.MILLRACE_ORIGINS,
    spoolFolder: settings.MILLRACE_SPOOL_FOLDER,
    spoolMaxBytes: settings.MILLRACE_SPOOL_MAX_BYTES,
    spread: settings.MILLRACE_SPREAD,
    lingerMs: settings.MILLRACE_LINGER_MS,
    ackTimeoutMs: settings.MILLRACE_ACK_TIMEOUT_MS,
    catalogue: settings.MILLRACE_CATALOGUE ?? defaultCatalogue,
    keyRequestsPerSecond: settings.MILLRACE_KEY_REQUESTS_PER_SECOND,
    addressRequestsPerSecond: requestsPerSecond ?? addressDefaults.requestsPerSecond,
    addressBytesPerSecond: bytesPerSecond ?? addressDefaults.bytesPerSecond,
    limitsAnyAddress:
      settings.MILLRACE_TRUSTED_PROXIES.length > 0 || requestsPerSecond !== undefined || bytesPerSecond !== undefined,
    hosts: settings.MILLRACE_HOSTS,
    trustedProxies: settings.MILLRACE_TRUSTED_PROXIES,
    shedDelayMs: settings.MILLRACE_SHED_DELAY_MS,
    recentToken: settings.MILLRACE_RECENT_TOKEN,
    drainMs: settings.MILLRACE_DRAIN_MS,
    workers: settings.MILLRACE_WORKERS,
    clientScript: settings.MILLRACE_CLIENT_SCRIPT,
  };
}

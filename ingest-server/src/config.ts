import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { MillraceError } from '@millrace/kit/millrace-error';
import { type Catalogue, defaultCatalogue, defineCatalogue } from '@millrace/sdk/schema';
import { z } from 'zod';
import { type Origins, parseOrigins } from './core/admission/origins.js';

/** What the ingest server is told. Made by `loadConfig`, or by hand where it runs inside another process. */
export interface Config {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** The Kinesis stream's name. Endpoint, region and credentials are the AWS SDK's own matter. */
  stream: string;
  writeKeys: readonly string[];
  /** Which pages may send, by write key. */
  origins: Origins;
  spoolFolder: string;
  spoolMaxBytes: number;
  lingerMs: number;
  ackTimeoutMs: number;
  catalogue: Catalogue;
  /** Requests per second that one write key, or one client address, may send; 0 is no limit. */
  keyRequestsPerSecond: number;
  addressRequestsPerSecond: number;
  /** Addresses and networks whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  /** The event loop's delay from which on every request is refused; 0 refuses none. */
  shedDelayMs: number;
  /** Lets who has it read the last events at /v1/recent; nothing is kept to be read when undefined. */
  recentToken: string | undefined;
  /** How long the server goes on taking requests after SIGTERM, while it says at `/readyz` that it is ending. */
  drainMs: number;
  /** How many server processes; each has a spool of its own in a folder below `spoolFolder` when there are several. */
  workers: number;
  /** The file behind GET /millrace.js; the tracker of @millrace/sdk when undefined. */
  clientScript: string | undefined;
}

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .refine((value) => value >= from && value <= to);

/** An address, or one with the length of its network's prefix. Not 0: everybody is no proxy, and Fastify refuses it, too. */
function isNetwork(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  const version = isIP(address!);
  if (version === 0 || more.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** Less would not hold one large batch. */
const minSpoolBytes = 1024 * 1024;

/** Each variable: its schema, and what is expected, in words that finish "must be …". The value of a secret is not shown. */
const variables = {
  MILLRACE_HOST: {
    schema: z.string().min(1).default('0.0.0.0'),
    expected: 'an address to listen on; a name stands for its first one',
  },
  MILLRACE_PORT: { schema: whole(0, 65535).default(8080), expected: 'a port from 0 (any free one) to 65535' },
  MILLRACE_STREAM: {
    schema: z
      .string()
      .regex(/^[a-zA-Z0-9_.-]{1,128}$/)
      .default('clickstream'),
    expected: 'the name of a Kinesis stream: 1 to 128 of a-z, A-Z, 0-9, "_", "." and "-"',
  },
  MILLRACE_WRITE_KEYS: {
    schema: z
      .string()
      .transform((text) => text.split(',').map((key) => key.trim()))
      .pipe(z.array(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)).min(1)),
    expected: 'write keys separated by commas, each 1 to 64 of A-Z, a-z, 0-9, "_" and "-"',
  },
  MILLRACE_ORIGINS: {
    schema: z
      .string()
      .default('')
      .transform((text, context) => {
        try {
          return parseOrigins(text);
        } catch (error) {
          context.addIssue({ code: 'custom', message: (error as Error).message });
          return z.NEVER;
        }
      }),
    expected:
      'the origins of the pages that may send, as "https://shop.example https://*.shop.example", "*" for every page, or by write key: "key1=https://a.example;key2=*"',
  },
  MILLRACE_SPOOL_FOLDER: { schema: z.string().min(1).default('.millrace/spool'), expected: 'a folder' },
  MILLRACE_SPOOL_MAX_BYTES: {
    schema: whole(minSpoolBytes, 2 ** 40).default(1024 ** 3),
    expected: 'a number of bytes from 1048576 (1 MiB) to 1099511627776 (1 TiB)',
  },
  MILLRACE_LINGER_MS: { schema: whole(0, 100).default(50), expected: 'a number of milliseconds from 0 to 100' },
  MILLRACE_ACK_TIMEOUT_MS: {
    schema: whole(50, 10_000).default(2_000),
    expected: 'a number of milliseconds from 50 to 10000',
  },
  MILLRACE_CATALOGUE: {
    schema: z
      .string()
      .min(1)
      .transform((path, context) => {
        try {
          const { pages, events } = catalogueFile.parse(JSON.parse(readFileSync(path, 'utf8')));
          return defineCatalogue({ pages, events });
        } catch (error) {
          const reason =
            error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message;
          context.addIssue({ code: 'custom', message: reason });
          return z.NEVER;
        }
      })
      .optional(),
    expected: 'the path of a JSON file {"pages":["books",…],"events":["liked_item",…]}',
  },
  MILLRACE_KEY_REQUESTS_PER_SECOND: {
    schema: whole(0, 1_000_000).default(0),
    expected: 'how many requests a second one write key may send, up to 1000000; 0 is no limit',
  },
  MILLRACE_ADDRESS_REQUESTS_PER_SECOND: {
    schema: whole(0, 1_000_000).default(0),
    expected: 'how many requests a second one client address may send, up to 1000000; 0 is no limit',
  },
  MILLRACE_TRUSTED_PROXIES: {
    schema: z
      .string()
      .default('')
      .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
      .pipe(z.array(z.string().refine(isNetwork))),
    expected:
      'the addresses or networks of the proxies before this server, as "10.0.0.0/8, 192.168.1.7": only their X-Forwarded-For is believed',
  },
  MILLRACE_SHED_DELAY_MS: {
    schema: whole(0, 10_000).default(50),
    expected:
      'how long a turn of the event loop takes requests, in milliseconds up to 10000, before it refuses the rest with 503; at most three tenths of it in overload; 0 refuses none',
  },
  MILLRACE_RECENT_TOKEN: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{16,64}$/)
      .optional(),
    expected:
      'a secret of 16 to 64 characters: who sends it may read the last events at /v1/recent, which is off without it',
    isSecret: true,
  },
  MILLRACE_DRAIN_MS: {
    schema: whole(0, 1_500).default(1_000),
    expected:
      'a number of milliseconds from 0 to 1500: how long requests are still taken after SIGTERM, while /readyz says no',
  },
  MILLRACE_WORKERS: {
    schema: whole(1, 256).default(1),
    expected:
      'a number of processes from 1 to 256; each has its part of the limits and of the spool, and keeps the order of a visitor and knows what came before only by itself',
  },
  MILLRACE_CLIENT_SCRIPT: {
    schema: z.string().min(1).optional(),
    expected: 'the path of the script behind /millrace.js',
  },
} as const;

const catalogueFile = z.strictObject({ pages: z.array(z.string()), events: z.array(z.string()) });

type Settings = { [Name in keyof typeof variables]: z.output<(typeof variables)[Name]['schema']> };

/** Each variable and what it is set to, for a manual: `MILLRACE_PORT`, `a port from …`. */
export function settingsManual(): { name: string; expected: string }[] {
  return Object.entries(variables).map(([name, { expected }]) => ({ name, expected }));
}

/** Variables with our prefix that nothing reads here: misspelt, perhaps. Worth a warning, but other parts may have some. */
export function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => name.startsWith('MILLRACE_') && !(name in variables));
}

/** What can be read of the environment, and a line for each variable that cannot. */
function readEnvironment(env: NodeJS.ProcessEnv): { read: Partial<Settings>; problems: string[] } {
  const read: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(variables)) {
    // An empty variable counts as absent, as `NAME= command` in a shell means it.
    const value = env[name] === '' ? undefined : env[name];
    const { data, error } = variable.schema.safeParse(value);
    read[name] = data;
    if (error === undefined) continue;
    const shown = 'isSecret' in variable && value !== undefined ? '(not shown)' : (value ?? '');
    // One line a variable, even where a list has several wrong entries.
    const { code, message } = error.issues[0]!;
    problems.push(`${name}=${shown} must be ${variable.expected}${code === 'custom' ? ` (${message})` : ''}`);
  }
  return { read: read as Partial<Settings>, problems };
}

/** What is wrong between variables that can be read each for itself. */
function contradictions(read: Partial<Settings>): string[] {
  const { MILLRACE_WRITE_KEYS: keys, MILLRACE_ORIGINS: origins, MILLRACE_WORKERS: workers = 1 } = read;
  const problems: string[] = [];
  for (const key of origins?.byKey.keys() ?? []) {
    if (keys?.includes(key) === false) {
      problems.push(`MILLRACE_ORIGINS names the write key "${key}", which is not in MILLRACE_WRITE_KEYS`);
    }
  }
  if (read.MILLRACE_RECENT_TOKEN !== undefined && workers > 1) {
    problems.push(
      'MILLRACE_RECENT_TOKEN needs MILLRACE_WORKERS=1: each process sees only the events that it took itself',
    );
  }
  const spoolBytes = read.MILLRACE_SPOOL_MAX_BYTES;
  if (spoolBytes !== undefined && spoolBytes < workers * minSpoolBytes) {
    problems.push(
      `MILLRACE_SPOOL_MAX_BYTES=${spoolBytes} must be 1048576 (1 MiB) for each of the ${workers} of MILLRACE_WORKERS, or more`,
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
  return {
    host: settings.MILLRACE_HOST,
    port: settings.MILLRACE_PORT,
    stream: settings.MILLRACE_STREAM,
    writeKeys: settings.MILLRACE_WRITE_KEYS,
    origins: settings.MILLRACE_ORIGINS,
    spoolFolder: settings.MILLRACE_SPOOL_FOLDER,
    spoolMaxBytes: settings.MILLRACE_SPOOL_MAX_BYTES,
    lingerMs: settings.MILLRACE_LINGER_MS,
    ackTimeoutMs: settings.MILLRACE_ACK_TIMEOUT_MS,
    catalogue: settings.MILLRACE_CATALOGUE ?? defaultCatalogue,
    keyRequestsPerSecond: settings.MILLRACE_KEY_REQUESTS_PER_SECOND,
    addressRequestsPerSecond: settings.MILLRACE_ADDRESS_REQUESTS_PER_SECOND,
    trustedProxies: settings.MILLRACE_TRUSTED_PROXIES,
    shedDelayMs: settings.MILLRACE_SHED_DELAY_MS,
    recentToken: settings.MILLRACE_RECENT_TOKEN,
    drainMs: settings.MILLRACE_DRAIN_MS,
    workers: settings.MILLRACE_WORKERS,
    clientScript: settings.MILLRACE_CLIENT_SCRIPT,
  };
}

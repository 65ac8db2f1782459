import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseHosts } from '@millrace/kit/host-check';
import { defineCatalogue } from '@millrace/sdk/schema';
import { z } from 'zod';
import { parseOrigins } from './core/admission/origins.js';
import { parseWriteKeys } from './core/admission/write-keys.js';

/** The environment variables that the server reads: what each may be, and its default. */

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .refine((value) => value >= from && value <= to);

/** An address, or a network as address/prefix. No prefix of 0: Fastify refuses it too. */
function isNetwork(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  const version = isIP(address!);
  if (version === 0 || more.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** Enough for one large batch. */
export const minSpoolBytes = 1024 * 1024;

/**
 * What one address may send a second, where nothing else is set. A thousand people who shop behind one address send
 * some 200 requests and 200 kB a second; what a script sends at the limit costs about half a dollar an hour.
 */
export const addressDefaults = { requestsPerSecond: 300, bytesPerSecond: 1024 * 1024 } as const;

/** Each variable's schema, and the words that follow "must be" in its error. A secret's value is not shown. */
const variables = {
  MILLRACE_HOST: {
    schema: z.string().min(1).default('0.0.0.0'),
    expected: 'an address to listen on, or a host name',
  },
  MILLRACE_PORT: { schema: whole(0, 65535).default(8080), expected: 'a port from 0 (any free port) to 65535' },
  MILLRACE_HOSTS: {
    schema: z
      .string()
      .default('*')
      .transform((text, context) => {
        try {
          return parseHosts(text);
        } catch (error) {
          context.addIssue({ code: 'custom', message: (error as Error).message });
          return z.NEVER;
        }
      }),
    expected:
      'the host names under which the server answers, as "collect.example *.localhost 127.0.0.1 [::1]", without ports; "loopback" for all of this machine, "*" for every name',
  },
  MILLRACE_STREAM: {
    schema: z
      .string()
      .regex(/^[a-zA-Z0-9_.-]{1,128}$/)
      .default('clickstream'),
    expected: 'the name of a Kinesis stream: 1 to 128 of a-z, A-Z, 0-9, "_", "." and "-"',
  },
  MILLRACE_WRITE_KEYS: {
    schema: z.string().transform((text, context) => {
      try {
        return parseWriteKeys(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    }),
    expected:
      'write keys separated by commas, each 1 to 64 of A-Z, a-z, 0-9, "_" and "-", perhaps with the name of its site before it: "shop=KEY1,blog=KEY2"',
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
      'the origins of the pages that may send: "https://shop.example https://*.shop.example", "*" for every page, or by write key "key1=https://a.example;key2=*"',
  },
  MILLRACE_SPOOL_FOLDER: { schema: z.string().min(1).default('.millrace/spool'), expected: 'a folder' },
  MILLRACE_SPOOL_MAX_BYTES: {
    schema: whole(minSpoolBytes, 2 ** 40).default(1024 ** 3),
    expected: 'a number of bytes from 1048576 (1 MiB) to 1099511627776 (1 TiB)',
  },
  MILLRACE_SPREAD: {
    schema: z.enum(['visitor', 'even']).default('visitor'),
    expected:
      '"visitor" (all events of a visitor in one shard) or "even" (each record to another shard: full records at any rate)',
  },
  MILLRACE_LINGER_MS: { schema: whole(0, 1_000).default(50), expected: 'a number of milliseconds from 0 to 1000' },
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
    expected: 'how many requests per second one write key may send, up to 1000000; 0 for no limit',
  },
  MILLRACE_ADDRESS_REQUESTS_PER_SECOND: {
    schema: whole(0, 1_000_000).optional(),
    expected: `how many requests per second one client address may send, up to 1000000; 0 for no limit; without it ${addressDefaults.requestsPerSecond} where the address is known to be the sender's`,
  },
  MILLRACE_ADDRESS_BYTES_PER_SECOND: {
    schema: whole(0, 2 ** 40).optional(),
    expected: `how many bytes per second, unzipped, one client address may send, up to 1099511627776; 0 for no limit; without it ${addressDefaults.bytesPerSecond} where the address is known to be the sender's`,
  },
  MILLRACE_TRUSTED_PROXIES: {
    schema: z
      .string()
      .default('')
      .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
      .pipe(z.array(z.string().refine(isNetwork))),
    expected:
      'the addresses or networks of the proxies before this server, as "10.0.0.0/8, 192.168.1.7"; X-Forwarded-For of others is ignored',
  },
  MILLRACE_SHED_DELAY_MS: {
    schema: whole(0, 10_000).default(50),
    expected:
      'a number of milliseconds from 0 to 10000: for how long a turn of the event loop takes requests before it refuses the rest with 503 (in overload 30 % of that at most); 0 refuses none',
  },
  MILLRACE_RECENT_TOKEN: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{16,64}$/)
      .optional(),
    expected:
      'a secret of 16 to 64 characters, without spaces: the token for reading the last events at /v1/recent, which is off without it',
    isSecret: true,
  },
  MILLRACE_DRAIN_MS: {
    schema: whole(0, 1_500).default(1_000),
    expected:
      'a number of milliseconds from 0 to 1500: for how long the server takes requests after SIGTERM, while /readyz answers 503',
  },
  MILLRACE_WORKERS: {
    schema: whole(1, 256).default(1),
    expected:
      'a number of processes from 1 to 256; each has its share of limits and spool, and keeps order and recognises repeats only by itself',
  },
  MILLRACE_CLIENT_SCRIPT: {
    schema: z.string().min(1).optional(),
    expected: 'the path of a script to serve at /millrace.js',
  },
} as const;

const catalogueFile = z.strictObject({ pages: z.array(z.string()), events: z.array(z.string()) });

/** The settings by variable. */
export type Settings = { [Name in keyof typeof variables]: z.output<(typeof variables)[Name]['schema']> };

/** Each variable and what it must be, for a manual: `MILLRACE_PORT`, `a port from …`. */
export function settingsManual(): { name: string; expected: string }[] {
  return Object.entries(variables).map(([name, { expected }]) => ({ name, expected }));
}

/** Names with our prefix that the server does not know: misspelt, perhaps, or those of another part. */
export function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => name.startsWith('MILLRACE_') && !(name in variables));
}

/** The valid settings, and a line for each invalid one. */
export function readEnvironment(env: NodeJS.ProcessEnv): { read: Partial<Settings>; problems: string[] } {
  const read: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(variables)) {
    // Empty counts as absent, as in `NAME= command` in a shell.
    const value = env[name] === '' ? undefined : env[name];
    const { data, error } = variable.schema.safeParse(value);
    read[name] = data;
    if (error === undefined) continue;
    const shown = 'isSecret' in variable && value !== undefined ? '(not shown)' : (value ?? '');
    // One line a variable, even if several entries of a list are wrong.
    const { code, message } = error.issues[0]!;
    problems.push(`${name}=${shown} must be ${variable.expected}${code === 'custom' ? ` (${message})` : ''}`);
  }
  return { read: read as Partial<Settings>, problems };
}

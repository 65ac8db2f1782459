import { randomUUID } from 'node:crypto';
import {
  createIngestSink,
  defaultConnections,
  eventLine,
  feeding,
  liveShoppers,
  runTraffic,
  sessionsFor,
  take,
  withPauses,
} from '@millrace/generator';
import { usageError } from '@millrace/kit/millrace-error';
import { createRandom } from '@millrace/kit/seeded-random';
import { limits } from '@millrace/sdk/schema/limits';
import { writableAwsTarget } from '../../targets/aws-target.js';
import { ingestTarget } from '../../targets/ingest-target.js';

/** The options of `millrace generate`. */
export interface GenerateOptions {
  to?: string | true;
  key: string;
  rate?: number | 'max';
  sessions?: number;
  count?: number;
  duration?: number;
  seed?: string;
  batch?: number;
  connections?: number;
  giveUpAfter: number;
  out?: string;
  json?: true;
  verbose?: true;
  endpointUrl?: string;
  region?: string;
  state?: string;
}

/**
 * Sends synthetic shoppers' events; the exit code is that of `runTraffic`.
 * @param printed the maximum interval that is printed, in seconds
 * @param max the real maximum interval between two events, in seconds
 */
export async function generate(
  stream: string | undefined,
  printed: number,
  max: number,
  options: GenerateOptions,
): Promise<void> {
  if (stream === undefined && options.to === undefined) {
    throw usageError(
      'generate needs a target: a stream (millrace generate clickstream 1 1) or an ingest server (--to http://localhost:8080)',
    );
  }
  if (stream !== undefined && options.to !== undefined) {
    throw usageError(`generate has two targets: the stream ${stream} and --to. Leave one of them out`);
  }
  process.exitCode =
    stream === undefined ? await throughServer(options) : await intoStream(stream, printed, max, options);
}

/** Ctrl-C is its only end. */
const isEndless = ({ count, duration }: GenerateOptions) => count === undefined && duration === undefined;

function refuseOptions(options: GenerateOptions, names: readonly (keyof GenerateOptions)[], why: string): void {
  for (const name of names) {
    if (options[name] !== undefined) throw usageError(`--${name} ${why}`);
  }
}

async function intoStream(stream: string, printed: number, max: number, options: GenerateOptions): Promise<number> {
  refuseOptions(options, ['rate', 'batch', 'connections'], 'works with --to only: into a stream, events go one by one');
  const { clientConfig, description } = writableAwsTarget(options);
  const { json, verbose } = options;
  if (json && verbose) throw usageError('--json prints one line an event and --verbose many: leave one of them out');
  // Only here: the AWS SDK takes longer to load than all the rest.
  const { createStreamSink } = await import('@millrace/generator/stream-sink');
  const seed = options.seed ?? randomUUID();
  const people = json ? console.error : console.log;
  people(
    `Shoppers into stream ${stream} at ${description}. Maximum interval between events: ${printed} s. Ctrl-C ends.`,
  );
  const { exitCode } = await runTraffic({
    events: (ended) => {
      const events = liveShoppers({ seed, sessions: options.sessions ?? 10 });
      return withPauses(
        take(events, options.count ?? Number.POSITIVE_INFINITY),
        max,
        createRandom(`${seed} pauses`).integer,
        ended,
      );
    },
    sink: (log) =>
      createStreamSink({
        clientConfig,
        stream,
        description,
        giveUpAfterMs: options.giveUpAfter * 1000,
        log,
      }),
    // One at a time, as the walkthrough's generator: the next is made when the last has arrived.
    feed: () => ({ lanes: 1, lingerMs: 0, maxPending: 1 }),
    durationMs: options.duration === undefined ? undefined : options.duration * 1000,
    onAcknowledged(event, { answer }) {
      if (verbose) {
        console.log(JSON.stringify(event, undefined, 2));
        people(JSON.stringify(answer));
      } else console.log(json ? JSON.stringify(event) : eventLine(event));
    },
    totals: json ? 'aside' : 'text',
    progress: false,
    expected: options.count,
    endless: isEndless(options),
    out: options.out,
  });
  return exitCode;
}

async function throughServer(options: GenerateOptions): Promise<number> {
  refuseOptions(options, ['verbose', 'endpointUrl'], 'works with a stream only, not with --to');
  const url = ingestTarget(options.to === true ? undefined : options.to, options);
  const eventsPerSecond = options.rate === 'max' ? undefined : (options.rate ?? 10);
  const connections = options.connections ?? defaultConnections;
  const seed = options.seed ?? randomUUID();
  const sessions = options.sessions ?? (eventsPerSecond === undefined ? 500 : sessionsFor(eventsPerSecond));
  const batchEvents = options.batch ?? limits.batchEvents;
  const { exitCode } = await runTraffic({
    events: take(liveShoppers({ seed, sessions }), options.count ?? Number.POSITIVE_INFINITY),
    sink: (log) =>
      createIngestSink({
        url,
        key: options.key,
        connections,
        batchEvents,
        giveUpAfterMs: options.giveUpAfter * 1000,
        log,
      }),
    eventsPerSecond,
    feed: (sink) => feeding(sink, connections, eventsPerSecond !== undefined),
    durationMs: options.duration === undefined ? undefined : options.duration * 1000,
    totals: options.json ? 'json' : 'text',
    progress: true,
    expected: options.count,
    endless: isEndless(options),
    out: options.out,
    extra: () => ({ url, seed, sessions }),
  });
  return exitCode;
}

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
import { createRandom } from '@millrace/kit/seeded-random';
import { limits } from '@millrace/sdk/schema';
import type { Command } from 'commander';
import { awsTarget, ingestTarget, UsageError } from '../runtime/context.js';
import { numberOrMax, seconds, wholeNumber } from './option-values.js';

interface GenerateOptions {
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
  state?: string;
}

const help = `
Arguments as in the walkthrough's clickstream_generator_items.py: a maximum of 1 makes pauses of 0 or 1 second,
and 0 puts as fast as the stream answers, one event at a time. For load, use --to.

Examples:
  millrace generate clickstream 1 1                 shoppers straight into the stream, until Ctrl-C
  millrace generate clickstream 1 0 --count 500     500 events, without pauses
  millrace generate --to http://localhost:8080 --rate 200
                                                    200 events a second through the ingest server
  millrace generate --to --rate max --count 100000 --out sent.jsonl
                                                    as fast as the running server takes them; keeps a list of them

Exit codes: 0 everything was acknowledged, 1 something was refused or not acknowledged, 2 called wrongly.`;

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('Synthetic shoppers: straight into a Kinesis stream, or with --to through the ingest server')
    .argument('[stream]', 'name of the Kinesis stream')
    .argument('[print-interval]', 'the maximum interval that is printed, in seconds (1)', wholeNumber('It', 0))
    .argument('[max-interval]', 'the real maximum interval between two events, in seconds (1)', wholeNumber('It', 0))
    .option('--to [url]', 'send to this ingest server; without a URL to the one that runs here')
    .option('--key <key>', "the site's write key, with --to", 'demo')
    .option(
      '--rate <n>',
      'events per second, with --to; max: as fast as they are acknowledged (10)',
      numberOrMax('The rate'),
    )
    .option('--sessions <n>', 'visits that go on at the same time', wholeNumber('The number of sessions', 1, 100_000))
    .option('--count <n>', 'end after so many events', wholeNumber('The count', 1))
    .option('--duration <s>', 'make events for so many seconds', seconds('The duration'))
    .option('--seed <text>', 'the same seed makes the same shoppers')
    .option(
      '--batch <n>',
      `events in one request at most, with --to (${limits.batchEvents})`,
      wholeNumber('The batch', 1, limits.batchEvents),
    )
    .option(
      '--connections <n>',
      'requests on their way at most, with --to (16)',
      wholeNumber('The number of connections', 1, 1_000),
    )
    .option('--give-up-after <s>', 'fail after so many seconds without a success', seconds('The time'), 120)
    .option('--out <file>', 'write event_id, visitor_id, stream_id and seq of each acknowledged event as JSON Lines')
    .option('--json', 'into a stream: the events as JSON Lines; with --to: the totals as JSON')
    .option('--verbose', 'into a stream: each event as indented JSON, and the answer to it')
    .option(
      '--endpoint-url <url>',
      'the AWS endpoint (AWS_ENDPOINT_URL, else the embedded AWS that runs here, else AWS)',
    )
    .option('--state <folder>', 'the state folder of what runs here (MILLRACE_STATE, else .millrace)')
    .addHelpText('after', help)
    .action(
      async (
        stream: string | undefined,
        printed: number | undefined,
        max: number | undefined,
        options: GenerateOptions,
      ) => {
        if ((stream === undefined) === (options.to === undefined)) {
          throw new UsageError(
            stream === undefined
              ? 'generate needs a target: a stream (millrace generate clickstream 1 1) or an ingest server (--to http://localhost:8080)'
              : `generate has two targets: the stream ${stream} and --to. Leave one of them out`,
          );
        }
        process.exitCode =
          stream === undefined
            ? await throughServer(options)
            : await intoStream(stream, printed ?? 1, max ?? 1, options);
      },
    );
}

function refuseOptions(options: GenerateOptions, names: readonly (keyof GenerateOptions)[], why: string): void {
  for (const name of names) {
    if (options[name] !== undefined) throw new UsageError(`--${name} ${why}`);
  }
}

async function intoStream(stream: string, printed: number, max: number, options: GenerateOptions): Promise<number> {
  refuseOptions(options, ['rate', 'batch', 'connections'], 'works with --to only: into a stream, events go one by one');
  const { clientConfig, description } = awsTarget(options);
  const { json, verbose } = options;
  if (json && verbose)
    throw new UsageError('--json prints one line an event and --verbose many: leave one of them out');
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
    out: options.out,
    extra: () => ({ url, seed, sessions }),
  });
  return exitCode;
}

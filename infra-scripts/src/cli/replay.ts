import {
  atRecordedPace,
  checkRecording,
  createIngestSink,
  createRenewal,
  defaultConnections,
  feeding,
  type Log,
  type RecordingCheck,
  recordedEvents,
  runTraffic,
  type Sink,
  trafficError,
  withoutRepetitions,
} from '@millrace/generator';
import { createRandom } from '@millrace/kit/seeded-random';
import { limits, type MillraceEvent } from '@millrace/sdk/schema';
import type { Command } from 'commander';
import { awsTarget, CommandError, ingestTarget, UsageError } from '../runtime/context.js';
import { numberOrMax, seconds, wholeNumber } from './option-values.js';

interface ReplayOptions {
  speed: number | 'max';
  to?: string | true;
  stream?: string;
  key: string;
  keepIds?: true;
  skipInvalid?: true;
  sort?: true;
  batch?: number;
  connections?: number;
  giveUpAfter: number;
  out?: string;
  json?: true;
  endpointUrl?: string;
  state?: string;
}

const help = `
A recording has an event a line, as a client sends it or as it lies in the lake; gzip is recognised; - is stdin.
Events get new ids, and streams, visitors and sessions new names, because a repetition under the same event_id is
removed as a duplicate; their time is when they are sent. An event_id that comes twice in a recording is sent
once. --keep-ids sends everything as it is.
Files are checked before anything is sent.

Examples:
  millrace replay infra-scripts/samples/sessions.jsonl --speed 60
                                                    a minute's clicks every second, to the server that runs here
  millrace replay sessions.jsonl.gz --speed max --to http://localhost:8080
  millrace replay sessions.jsonl --speed 10 --stream clickstream
  millrace replay --sort --speed max .millrace/s3/millrace-lake/page=*/event=*/*.gz
                                                    what lies in the lake, in the order in which it happened

Exit codes: 0 everything was acknowledged, 1 something was refused, not acknowledged or not an event, 2 called wrongly.`;

export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('Send recorded events again: through the ingest server, or straight into a Kinesis stream')
    .argument('<file...>', 'recordings, JSON Lines, plain or gzipped; - for stdin')
    .option('--speed <n>', 'how much faster than it was recorded; max: without waiting', numberOrMax('The speed'), 1)
    .option('--to [url]', 'the ingest server (the one that runs here)')
    .option('--stream <name>', 'straight into this Kinesis stream instead')
    .option('--key <key>', "the site's write key, for the ingest server", 'demo')
    .option('--keep-ids', 'keep ids and times as they are')
    .option('--skip-invalid', 'leave out lines that are no event, instead of sending nothing')
    .option('--sort', 'order the events by time; holds them all in memory')
    .option(
      '--batch <n>',
      `events in one request at most, to the ingest server (${limits.batchEvents})`,
      wholeNumber('The batch', 1, limits.batchEvents),
    )
    .option(
      '--connections <n>',
      'requests on their way at most (16)',
      wholeNumber('The number of connections', 1, 1_000),
    )
    .option('--give-up-after <s>', 'fail after so many seconds without a success', seconds('The time'), 120)
    .option('--out <file>', 'write event_id, visitor_id, stream_id and seq of each acknowledged event as JSON Lines')
    .option('--json', 'the totals as JSON')
    .option(
      '--endpoint-url <url>',
      'the AWS endpoint (AWS_ENDPOINT_URL, else the embedded AWS that runs here, else AWS)',
    )
    .option('--state <folder>', 'the state folder of what runs here (MILLRACE_STATE, else .millrace)')
    .addHelpText('after', help)
    .action(async (files: string[], options: ReplayOptions) => {
      process.exitCode = await replay(files, options);
    });
}

/** Decides where to before anything is read, so that a wrong call is told at once. */
async function targetOf(options: ReplayOptions): Promise<(log: Log) => Sink> {
  const giveUpAfterMs = options.giveUpAfter * 1000;
  const { stream, key } = options;
  if (stream === undefined) {
    if (options.endpointUrl !== undefined) throw new UsageError('--endpoint-url works with --stream only');
    const url = ingestTarget(options.to === true ? undefined : options.to, options);
    const connections = options.connections ?? defaultConnections;
    return (log) => createIngestSink({ url, key, connections, batchEvents: options.batch, giveUpAfterMs, log });
  }
  if (options.to !== undefined) {
    throw new UsageError(`replay has two targets: the stream ${stream} and --to. Leave one of them out`);
  }
  if (options.batch !== undefined) throw new UsageError('--batch works without --stream only: a record has one event');
  const { clientConfig, description } = awsTarget(options);
  // Only here: the AWS SDK takes longer to load than all the rest.
  const { createStreamSink } = await import('@millrace/generator/stream-sink');
  return (log) => createStreamSink({ clientConfig, stream, description, giveUpAfterMs, log });
}

const mostToldLines = 10;

/** Looks through the files and ends the command when a line is no event, unless those are to be left out. */
async function checkFiles(files: readonly string[], options: ReplayOptions): Promise<RecordingCheck> {
  let told = 0;
  const refuse = (reason: string) => {
    told += 1;
    if (told <= mostToldLines) console.error(`millrace: ${reason}`);
  };
  const check = await checkRecording(files, {
    sort: options.sort === true,
    keepRepetitions: options.keepIds === true,
    refuse,
  });
  const { refused, events } = check;
  if (refused > mostToldLines) console.error(`millrace: … and ${refused - mostToldLines} more`);
  if (refused > 0 && !options.skipInvalid) {
    throw new CommandError(
      `${refused} of ${refused + events} lines ${refused === 1 ? 'is' : 'are'} no event of the schema. Nothing was sent; --skip-invalid leaves them out`,
    );
  }
  if (events === 0) throw new CommandError(`there is no event in ${files.join(', ')}`);
  return check;
}

function longWait(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

async function replay(files: readonly string[], options: ReplayOptions): Promise<number> {
  const sink = await targetOf(options);
  const fromStdin = files.includes('-');
  if (fromStdin && files.length > 1) throw new UsageError('stdin (-) is replayed alone, not beside files');
  if (fromStdin && options.sort) throw new UsageError('--sort needs files: stdin is replayed as it arrives');
  // What comes through stdin can be read once only; it is checked line by line as it is sent.
  const check = fromStdin ? undefined : await checkFiles(files, options);
  let skipped = 0;
  let repeated = 0;

  async function* events(log: Log, ended: AbortSignal): AsyncGenerator<MillraceEvent> {
    const seen = new Set<string>();
    const renew = createRenewal(createRandom(`${Date.now()} ${process.pid} ${Math.random()}`), (stream) =>
      (check?.streams ?? seen).has(stream),
    );
    const recorded =
      check?.sorted ??
      recordedEvents(files, (reason) => {
        // Files have been looked through, and told about, before.
        if (!fromStdin) return;
        if (!options.skipInvalid) {
          throw trafficError(
            'INVALID_EVENT',
            `${reason}. The events before it were sent; --skip-invalid skips such lines`,
          );
        }
        skipped += 1;
        if (skipped <= mostToldLines) log(reason);
      });
    const once = options.keepIds
      ? recorded
      : withoutRepetitions(recorded, () => {
          repeated += 1;
        });
    const wait = (ms: number) => log(`the next event is due in ${longWait(ms)}; a higher --speed waits less`);
    let lastMs = 0;
    // Nothing else would end a wait for what a pipe brings.
    if (fromStdin) ended.addEventListener('abort', () => process.stdin.destroy(), { once: true });
    try {
      for await (const event of atRecordedPace(once, options.speed, ended, wait)) {
        seen.add(event.stream_id);
        lastMs = Math.max(lastMs, Date.now());
        yield options.keepIds ? event : renew(event, lastMs);
      }
    } catch (error) {
      if (!ended.aborted) throw error;
    }
  }

  let say: Log = (line) => console.error(`millrace: ${line}`);
  const { exitCode } = await runTraffic({
    events: (ended) => events((line) => say(line), ended),
    sink: (log) => {
      say = log;
      return sink(log);
    },
    feed: (target) => feeding(target, options.connections ?? defaultConnections, options.stream === undefined),
    totals: options.json ? 'json' : 'text',
    progress: true,
    expected: check && check.events - check.repeated,
    out: options.out,
    extra: () => ({ skipped: check?.refused ?? skipped, repeated: check?.repeated ?? repeated }),
  });
  const lines = (count: number) => `${count} ${count === 1 ? 'line was' : 'lines were'}`;
  const left = { invalid: check?.refused ?? skipped, repeated: check?.repeated ?? repeated };
  if (left.invalid > 0 && !options.json) console.log(`${lines(left.invalid)} left out as no event`);
  if (left.repeated > 0 && !options.json) console.log(`${lines(left.repeated)} left out as repetitions of an event_id`);
  return exitCode;
}

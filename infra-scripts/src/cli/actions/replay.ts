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
import { MillraceError, usageError } from '@millrace/kit/millrace-error';
import { createRandom } from '@millrace/kit/seeded-random';
import type { MillraceEvent } from '@millrace/sdk/schema';
import { writableAwsTarget } from '../../targets/aws-target.js';
import { ingestTarget } from '../../targets/ingest-target.js';

/** The options of `millrace replay`. */
export interface ReplayOptions {
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
  region?: string;
  state?: string;
}

/** Decides where to before anything is read, so that a wrong call is told at once. */
async function targetOf(options: ReplayOptions): Promise<(log: Log) => Sink> {
  const giveUpAfterMs = options.giveUpAfter * 1000;
  const { stream, key } = options;
  if (stream === undefined) {
    if (options.endpointUrl !== undefined) throw usageError('--endpoint-url works with --stream only');
    const url = ingestTarget(options.to === true ? undefined : options.to, options);
    const connections = options.connections ?? defaultConnections;
    return (log) => createIngestSink({ url, key, connections, batchEvents: options.batch, giveUpAfterMs, log });
  }
  if (options.to !== undefined) {
    throw usageError(`replay has two targets: the stream ${stream} and --to. Leave one of them out`);
  }
  if (options.batch !== undefined) throw usageError('--batch works without --stream only: a record has one event');
  const { clientConfig, description } = writableAwsTarget(options);
  // Only here: the AWS SDK takes longer to load than all the rest.
  const { createStreamSink } = await import('@millrace/generator/stream-sink');
  return (log) => createStreamSink({ clientConfig, stream, description, giveUpAfterMs, log });
}

const mostToldLines = 10;

/** Checks the files, and fails when a line is not a valid event, unless such lines are to be skipped. */
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
    throw new MillraceError(
      'NOT_EVENTS',
      `${refused} of ${refused + events} lines ${refused === 1 ? 'is not a valid event' : 'are not valid events'}. Nothing was sent; --skip-invalid skips them`,
    );
  }
  if (events === 0) throw noEvents(files);
  return check;
}

const noEvents = (files: readonly string[]) =>
  new MillraceError('NO_EVENTS', `there are no events in ${files.join(', ')}: nothing was sent`, { exitCode: 4 });

function longWait(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** Sends recorded events again; the exit code is that of `runTraffic`. A line that is no event counts as left out. */
export async function replay(files: readonly string[], options: ReplayOptions): Promise<void> {
  const sink = await targetOf(options);
  const fromStdin = files.includes('-');
  if (fromStdin && files.length > 1) throw usageError('stdin (-) is replayed alone, not beside files');
  if (fromStdin && options.sort) throw usageError('--sort needs files: stdin is replayed as it arrives');
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
  const { exitCode, summary } = await runTraffic({
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
    leftOut: () => check?.refused ?? skipped,
    extra: () => ({ skipped: check?.refused ?? skipped, repeated: check?.repeated ?? repeated }),
  });
  const lines = (count: number) => `${count} ${count === 1 ? 'line' : 'lines'} skipped`;
  const left = { invalid: check?.refused ?? skipped, repeated: check?.repeated ?? repeated };
  if (left.invalid > 0 && !options.json) console.log(`${lines(left.invalid)}: not valid events`);
  if (left.repeated > 0 && !options.json) console.log(`${lines(left.repeated)}: repetitions of an event`);
  if (summary.made === 0 && !summary.interrupted && !summary.failure) throw noEvents(files);
  process.exitCode = exitCode;
}

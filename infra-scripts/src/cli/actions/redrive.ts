import { join } from 'node:path';
import { defaultConnections, feeding, type Log, runTraffic, type Sink } from '@millrace/generator';
import { usageError } from '@millrace/kit/millrace-error';
import type { Looked } from '@millrace/lake';
import { identityText } from '@millrace/sdk/schema';
import { type Choice, choose, type Found } from '../../redrive/choose.js';
import { openJournal } from '../../redrive/journal.js';
import { type Left, type Repaired, repairRejected, repairUndelivered } from '../../redrive/repair.js';
import { type Asks, delivered, type Filters, quarantined, undelivered } from '../../redrive/source.js';
import { stateFolder } from '../../state/state-folder.js';
import { writableAwsTarget } from '../../targets/aws-target.js';
import { ingestTarget } from '../../targets/ingest-target.js';
import { lakeOf } from '../../targets/lake.js';
import { tellAthenaCost } from '../text/athena-cost.js';
import { nothingFoundText } from '../text/nothing-found.js';
import { groupDigits, harmless } from '../text/table.js';

/** The options of `millrace redrive`. */
export interface RedriveOptions extends Filters {
  workgroup?: string;
  lake?: string;
  state?: string;
  json?: true;
  to?: string;
  key: string;
  stream: string;
  endpointUrl?: string;
  region?: string;
  jq?: string;
  journal?: string;
  dryRun?: true;
  /** Seconds. */
  giveUpAfter: number;
}

const kinds = ['quarantine', 'errors'] as const;
type Kind = (typeof kinds)[number];

/**
 * Sends what is in quarantine, or in Firehose's error objects, again. The exit code is 0 when nothing of it remains, 3
 * when some does, 1 when nothing could be sent, and 4 when nothing lies there.
 */
export async function redrive(what: string, options: RedriveOptions): Promise<void> {
  const kind = kinds.find((each) => each === what);
  if (!kind) throw usageError(`redrive: invalid ${JSON.stringify(what)}: give quarantine or errors`);
  const since = options.since === undefined ? {} : { since: timeOf(options.since) };
  process.exitCode = await send(kind, { ...options, ...since });
}

/** As both engines take a timestamp. */
function timeOf(given: string): string {
  const time = new Date(/[zZ]$|[+-]\d\d:?\d\d$/.test(given) || !given.includes('T') ? given : `${given}Z`);
  if (Number.isNaN(time.getTime())) {
    throw usageError(
      `--since: invalid time ${JSON.stringify(given)}: give one like 2026-11-23 or 2026-11-23T08:00:00Z`,
    );
  }
  return time.toISOString().slice(0, 23).replace('T', ' ');
}

async function send(kind: Kind, options: RedriveOptions): Promise<number> {
  // Before anything is read, so that a wrong call is told at once.
  const sink = options.dryRun ? undefined : await sinkOf(kind, options);
  const { repair, close } = await repairOf(kind, options);
  const journal = openJournal(options.journal ?? join(stateFolder(options), 'redriven.txt'));
  const lake = await lakeOf({ ...options, onCost: tellAthenaCost });
  let looked: Looked | undefined;
  const asks: Asks = {
    async queryEach(...query) {
      looked = (await lake.queryEach(...query)).looked;
    },
  };
  let choice: Choice;
  try {
    choice = await look(asks, kind, options, repair, journal.has);
  } finally {
    await Promise.all([lake.close(), close()]);
  }
  const counts = {
    delivered: choice.delivered,
    under_way: choice.underWay,
    repeated: choice.repeated,
    still: choice.still.reduce((sum, { count }) => sum + count, 0),
    reasons: choice.still,
  };
  const total = counts.still + counts.delivered + counts.under_way + counts.repeated + choice.events.length;
  if (total === 0)
    console.error(`millrace: ${looked?.objects === 0 ? nothingFoundText(looked) : nothingThere(kind, options)}`);
  // Without a word to send: what goes in is done, what cannot is left.
  const rest = total === 0 ? 4 : counts.still === 0 ? 0 : counts.still === total ? 1 : 3;
  if (!options.json) tell(choice);
  if (sink === undefined || choice.events.length === 0) {
    if (options.json)
      console.log(JSON.stringify({ ...(sink ? { acknowledged: 0 } : { to_send: choice.events.length }), ...counts }));
    else
      console.log(
        sink ? 'Nothing to send.' : `${groupDigits(choice.events.length)} to send; nothing was sent (--dry-run).`,
      );
    return rest;
  }
  const { exitCode } = await runTraffic({
    events: choice.events,
    sink,
    feed: (target) => feeding(target, defaultConnections, false),
    onAcknowledged: (event) => journal.add(identityText(event)),
    totals: options.json ? 'json' : 'text',
    progress: true,
    expected: choice.events.length,
    extra: () => counts,
    leftOut: () => counts.still,
  });
  return exitCode;
}

const nothingThere = (kind: Kind, { code, since }: RedriveOptions) =>
  `nothing to redrive: the lake has ${kind === 'quarantine' ? 'no event in quarantine' : 'no error of Firehose'}` +
  `${code === undefined ? '' : ` with the code ${code}`}${since === undefined ? '' : ` since ${since}`}`;

async function look(
  lake: Asks,
  kind: Kind,
  options: RedriveOptions,
  repair: (one: Left) => Promise<Repaired[]>,
  isUnderWay: (identity: string) => boolean,
): Promise<Choice> {
  const left = await (kind === 'quarantine' ? quarantined : undelivered)(lake, options);
  const found: Found[] = [];
  for (const one of left) found.push({ left: one, repaired: await repair(one) });
  const ids = found.flatMap(({ repaired }) => repaired.flatMap((one) => ('event' in one ? [one.event.event_id] : [])));
  const there = await delivered(lake, ids);
  return choose(found, (identity) => there.has(identity), isUnderWay);
}

async function repairOf(
  kind: Kind,
  { jq }: RedriveOptions,
): Promise<{ repair: (one: Left) => Promise<Repaired[]>; close: () => Promise<void> }> {
  const repair = kind === 'quarantine' ? repairRejected : repairUndelivered;
  if (jq === undefined) return { repair: (one) => repair(one), close: () => Promise.resolve() };
  // Only here: jq takes a moment to load.
  const { compileFilter, createJqPool, FilterError } = await import('@millrace/embedded-aws/jq');
  const pool = createJqPool();
  try {
    const filter = await compileFilter(pool, jq);
    return { repair: (one) => repair(one, filter), close: pool.close };
  } catch (error) {
    await pool.close();
    if (error instanceof FilterError) throw usageError(`--jq: ${error.message}`);
    throw error;
  }
}

async function sinkOf(kind: Kind, options: RedriveOptions): Promise<(log: Log) => Sink> {
  const giveUpAfterMs = options.giveUpAfter * 1_000;
  if (kind === 'quarantine') {
    const url = ingestTarget(options.to, options);
    const { createIngestSink } = await import('@millrace/generator');
    return (log) => createIngestSink({ url, key: options.key, connections: defaultConnections, giveUpAfterMs, log });
  }
  if (options.to !== undefined) {
    throw usageError('--to is for the quarantine: what Firehose could not deliver goes into the stream');
  }
  const { clientConfig, description } = writableAwsTarget(options);
  const { createStreamSink } = await import('@millrace/generator/stream-sink');
  return (log) => createStreamSink({ clientConfig, stream: options.stream, description, giveUpAfterMs, log });
}

const mostReasons = 10;

function tell({ delivered: there, underWay, repeated, still }: Choice): void {
  if (there > 0) console.log(`${groupDigits(there)} in the lake already`);
  if (underWay > 0) console.log(`${groupDigits(underWay)} sent by an earlier redrive`);
  if (repeated > 0) console.log(`${groupDigits(repeated)} more than once`);
  for (const { reason, count, example } of still.slice(0, mostReasons)) {
    console.log(`${groupDigits(count)} cannot go in: ${harmless(reason)} (as in ${harmless(example)})`);
  }
  if (still.length > mostReasons) console.log(`… and ${still.length - mostReasons} more reasons`);
}

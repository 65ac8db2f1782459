import { join } from 'node:path';
import { defaultConnections, feeding, type Log, runTraffic, type Sink } from '@millrace/generator';
import type { Command } from 'commander';
import { type Choice, choose } from '../redrive/choose.js';
import { openJournal } from '../redrive/journal.js';
import { type Left, type Repaired, repairRejected, repairUndelivered } from '../redrive/repair.js';
import { type Asks, delivered, type Filters, quarantined, undelivered } from '../redrive/source.js';
import { awsTarget, ingestTarget, stateFolder, UsageError } from '../runtime/context.js';
import { type LakeCommandOptions, lakeOf, lakeOption, lakeStateOption, workGroupOption } from './lake-options.js';
import { wholeNumber } from './option-values.js';
import { groupDigits, harmless } from './table.js';

interface RedriveOptions extends LakeCommandOptions, Filters {
  to?: string;
  key: string;
  stream: string;
  endpointUrl?: string;
  jq?: string;
  journal?: string;
  dryRun?: true;
  giveUpAfter: number;
}

const help = `
  quarantine  what the ingest server rejected: checked again, and sent to the ingest server when it fits now
  errors      what Firehose could not deliver (no page or event, too many partitions): put into the stream again

It is safe to repeat: an event keeps its event_id; what the lake has, and what an earlier redrive has had acknowledged, is left out;
and should a copy come about all the same, readers remove it by event_id. The rows in quarantine stay: they are the record.

Examples:
  millrace redrive quarantine --dry-run
  millrace redrive quarantine --code invalid_event --jq '.item_quantity |= tonumber'
  millrace redrive errors --since 2026-11-23
  millrace redrive errors --jq '.page //= "home"'

--jq repairs each event before it is checked; it gives one object an event.
Exit codes: 0 all of it is in or on its way, 1 something still cannot go in or was not acknowledged, 2 called wrongly.`;

const kinds = ['quarantine', 'errors'] as const;
type Kind = (typeof kinds)[number];

export function addRedrive(program: Command): void {
  program
    .command('redrive')
    .description('Send what lies in quarantine, or what Firehose could not deliver, into the pipeline again')
    .argument('<what>', 'quarantine or errors')
    .option('--code <code>', 'only those of this code')
    .option('--since <time>', 'only those that came at or after: 2026-11-23, or with a time in UTC')
    .option('--jq <filter>', 'repairs each event first')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .option('--to <url>', 'the ingest server, for the quarantine (the one that runs here)')
    .option('--key <key>', "the site's write key, for the quarantine", 'demo')
    .option('--stream <name>', 'the Kinesis stream, for errors', process.env.MILLRACE_STREAM || 'clickstream')
    .option('--endpoint-url <url>', 'the AWS endpoint, for errors')
    .option('--journal <file>', 'what was acknowledged before (redriven.txt in the state folder)')
    .option('--give-up-after <s>', 'fail after so many seconds without a success', wholeNumber('The time', 0), 120)
    .option('--json', 'the totals as JSON')
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', help)
    .action(async (what: string, options: RedriveOptions) => {
      const kind = kinds.find((each) => each === what);
      if (!kind) throw new UsageError(`redrive what? ${JSON.stringify(what)} is neither quarantine nor errors`);
      if (options.since !== undefined) options.since = timeOf(options.since);
      process.exitCode = await redrive(kind, options);
    });
}

/** As both engines take a timestamp. */
function timeOf(given: string): string {
  const time = new Date(/[zZ]$|[+-]\d\d:?\d\d$/.test(given) || !given.includes('T') ? given : `${given}Z`);
  if (Number.isNaN(time.getTime())) {
    throw new UsageError(
      `--since ${JSON.stringify(given)} is no time; it looks like 2026-11-23 or 2026-11-23T08:00:00Z`,
    );
  }
  return time.toISOString().slice(0, 23).replace('T', ' ');
}

async function redrive(kind: Kind, options: RedriveOptions): Promise<number> {
  // Before anything is read, so that a wrong call is told at once.
  const sink = options.dryRun ? undefined : await sinkOf(kind, options);
  const repair = await repairOf(kind, options);
  const journal = openJournal(options.journal ?? join(stateFolder(options), 'redriven.txt'));
  const lake = await lakeOf(options);
  let choice: Choice;
  try {
    choice = await look(lake, kind, options, repair, journal.has);
  } finally {
    await lake.close();
  }
  const counts = {
    delivered: choice.delivered,
    under_way: choice.underWay,
    repeated: choice.repeated,
    still: choice.still.reduce((sum, { count }) => sum + count, 0),
    reasons: choice.still,
  };
  const remains = counts.still > 0 ? 1 : 0;
  if (!options.json) tell(choice);
  if (sink === undefined || choice.events.length === 0) {
    if (options.json)
      console.log(JSON.stringify({ ...(sink ? { acknowledged: 0 } : { to_send: choice.events.length }), ...counts }));
    else
      console.log(
        sink ? 'Nothing to send.' : `${groupDigits(choice.events.length)} to send; nothing was sent (--dry-run).`,
      );
    return remains;
  }
  const { exitCode } = await runTraffic({
    events: choice.events,
    sink,
    feed: (target) => feeding(target, defaultConnections, false),
    onAcknowledged: ({ event_id }) => journal.add(event_id),
    totals: options.json ? 'json' : 'text',
    progress: true,
    expected: choice.events.length,
    extra: () => counts,
  });
  return exitCode || remains;
}

async function look(
  lake: Asks,
  kind: Kind,
  options: RedriveOptions,
  repair: (one: Left) => Repaired[],
  isUnderWay: (eventId: string) => boolean,
): Promise<Choice> {
  const left = await (kind === 'quarantine' ? quarantined : undelivered)(lake, options);
  const ids = left.flatMap((one) => repair(one).flatMap((each) => ('event' in each ? [each.event.event_id] : [])));
  const there = await delivered(lake, [...new Set(ids)]);
  return choose(left, repair, (id) => there.has(id), isUnderWay);
}

async function repairOf(kind: Kind, { jq }: RedriveOptions): Promise<(one: Left) => Repaired[]> {
  const repair = kind === 'quarantine' ? repairRejected : repairUndelivered;
  if (jq === undefined) return (one) => repair(one);
  // Only here: jq takes a moment to load.
  const { compileFilter, FilterError } = await import('@millrace/embedded-aws/jq');
  try {
    const filter = await compileFilter(jq);
    return (one) => repair(one, filter);
  } catch (error) {
    if (error instanceof FilterError) throw new UsageError(`--jq: ${error.message}`);
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
    throw new UsageError('--to is for the quarantine: what Firehose could not deliver goes into the stream');
  }
  const { clientConfig, description } = awsTarget(options);
  const { createStreamSink } = await import('@millrace/generator/stream-sink');
  return (log) => createStreamSink({ clientConfig, stream: options.stream, description, giveUpAfterMs, log });
}

const mostReasons = 10;

function tell({ delivered: there, underWay, repeated, still }: Choice): void {
  if (there > 0) console.log(`${groupDigits(there)} in the lake already`);
  if (underWay > 0) console.log(`${groupDigits(underWay)} sent by an earlier redrive`);
  if (repeated > 0) console.log(`${groupDigits(repeated)} more than once by event_id`);
  for (const { reason, count, example } of still.slice(0, mostReasons)) {
    console.log(`${groupDigits(count)} cannot go in: ${harmless(reason)} (as in ${harmless(example)})`);
  }
  if (still.length > mostReasons) console.log(`… and ${still.length - mostReasons} more reasons`);
}

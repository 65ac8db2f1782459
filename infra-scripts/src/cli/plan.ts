import { limits } from '@millrace/sdk/schema';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultSizing, typicalEventBytes, workloadOf } from '../plan/defaults.js';
import { makePlan } from '../plan/plan.js';
import { type InstanceType, prices } from '../plan/prices.js';
import type { Sizing } from '../plan/workload.js';
import { UsageError } from '../runtime/context.js';
import { wholeNumber } from './option-values.js';
import { nextText } from './plan-next.js';
import { planText } from './plan-text.js';

interface PlanOptions {
  eventsPerSecond: number;
  peak?: number;
  eventBytes: number;
  pages?: number;
  events?: number;
  datePartition?: true;
  eventsPerRecord?: number;
  servers?: number;
  instanceType?: InstanceType;
  trial?: true;
  lingerMs: number;
  bufferSize: number;
  bufferSeconds: number;
  compressionRatio: number;
  retentionHours: number;
  spoolGib?: number;
  json?: true;
}

const help = `
Examples:
  millrace plan --events-per-second 1000
  millrace plan --events-per-second 50000 --peak 120000 --event-bytes 900 --pages 12 --events 20
  millrace plan --events-per-second 5 --trial          one small server, no load balancer
  millrace plan --events-per-second 1000 --json

Prices are those of ${prices.region} as read on ${prices.asOf}; check them before you sign. docs/plan.md explains every line.`;

const above = (what: string) => (text: string) => {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError(`${what} is a number above 0.`);
  return value;
};

export function addPlan(program: Command): void {
  const standard = defaultSizing();
  program
    .command('plan')
    .description('What a pipeline takes and costs a month on AWS, before anything is built')
    .requiredOption('--events-per-second <n>', 'the mean rate', above('The rate'))
    .option('--peak <n>', 'events a second in the busiest minute (default: twice the mean)', above('The peak'))
    .option('--event-bytes <n>', 'one event as JSON', wholeNumber('An event', 1, limits.eventBytes), typicalEventBytes)
    .option(
      '--pages <n>',
      'declared pages, cart included (default: the store’s 6)',
      wholeNumber('The number', 1, 1_000),
    )
    .option(
      '--events <n>',
      'declared events, page_view included (default: the store’s 7)',
      wholeNumber('The number', 1, 1_000),
    )
    .option('--date-partition', 'dt=… beside page and event')
    .option('--events-per-record <n>', 'instead of what the linger gives', above('The number'))
    .option('--servers <n>', 'ingest servers (default: as the peak needs)', wholeNumber('The number', 1, 10_000))
    .addOption(
      new Option('--instance-type <type>', "the servers' type (c6i.large, a trial t3.micro)").choices(
        Object.keys(prices.instanceHour),
      ),
    )
    .option('--trial', 'one t3.micro without a load balancer')
    .option(
      '--linger-ms <ms>',
      'how long a record waits for company',
      wholeNumber('The linger', 0, 100),
      standard.lingerMs,
    )
    .option('--buffer-size <MiB>', 'Firehose’s', wholeNumber('The buffer', 64, 128), standard.bufferSizeMiB)
    .option('--buffer-seconds <s>', 'Firehose’s', wholeNumber('The interval', 60, 900), standard.bufferIntervalSeconds)
    .option('--compression-ratio <n>', 'of gzip; 1 without', above('The ratio'), standard.compressionRatio)
    .option('--retention-hours <h>', 'of the stream', wholeNumber('Retention', 24, 168), standard.retentionHours)
    .option('--spool-gib <n>', 'disk for an outage, a server (8, a trial 1)', above('The spool'))
    .option('--json', 'the whole plan as JSON')
    .addHelpText('after', help)
    .action((options: PlanOptions) => {
      try {
        const plan = makePlan(workloadOf({ ...options, peakEventsPerSecond: options.peak }), sizingOf(options));
        console.log(options.json ? JSON.stringify(plan, undefined, 2) : `${planText(plan)}\n\n${nextText(plan)}`);
      } catch (error) {
        if (error instanceof RangeError) throw new UsageError(error.message);
        throw error;
      }
    });
}

function sizingOf(options: PlanOptions): Sizing {
  const standard = defaultSizing(!options.trial);
  return {
    ...standard,
    servers: options.servers ?? standard.servers,
    instanceType: options.instanceType ?? standard.instanceType,
    lingerMs: options.lingerMs,
    eventsPerRecord: options.eventsPerRecord,
    bufferSizeMiB: options.bufferSize,
    bufferIntervalSeconds: options.bufferSeconds,
    compressionRatio: options.compressionRatio,
    retentionHours: options.retentionHours,
    spoolBytes: options.spoolGib === undefined ? standard.spoolBytes : options.spoolGib * 2 ** 30,
  };
}

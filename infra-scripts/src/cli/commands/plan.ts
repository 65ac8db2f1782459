import { limits } from '@millrace/sdk/schema/limits';
import { type Command, Option } from 'commander';
import { defaultSizing, typicalEventBytes } from '../../plan/default-sizing.js';
import { prices } from '../../plan/prices.js';
import type { PlanOptions } from '../actions/plan.js';
import { halves, numberAbove0, wholeNumber } from '../options/values.js';

const help = `
Examples:
  millrace plan --events-per-second 1000
  millrace plan --events-per-second 50000 --peak 120000 --event-bytes 900 --pages 12 --events 20
  millrace plan --events-per-second 1000 --events-per-request 1     requests of single events
  millrace plan --events-per-second 5 --trial                       one small server, no load balancer
  millrace plan --events-per-second 1000 --json

Records are those that the ingest servers make by either way to spread: one server is simulated, with its own code. visitor is recommended
while it costs at most 2 % more than even.

Prices are those of ${prices.region} as read on ${prices.asOf}; check them before you sign. docs/plan.md explains every line.`;

/** Defines `millrace plan`. */
export function addPlan(program: Command): void {
  const standard = defaultSizing();
  program
    .command('plan')
    .description('What a pipeline takes and costs a month on AWS, before anything is built')
    .requiredOption('--events-per-second <n>', 'the mean rate', numberAbove0('The rate'))
    .option('--peak <n>', 'events a second in the busiest minute (default: twice the mean)', numberAbove0('The peak'))
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
    .option(
      '--events-per-request <n>',
      'the mean of a request (default: 5.5, as browsers send 1 to 10)',
      halves('The mean', 1, limits.batchEvents),
    )
    .addOption(
      new Option(
        '--spread <way>',
        'visitor: a visitor keeps to a shard; even: full records at any rate (default: the recommended one)',
      ).choices(['visitor', 'even']),
    )
    .option('--events-per-record <n>', 'instead of what the ingest servers would pack', numberAbove0('The number'))
    .option('--servers <n>', 'ingest servers (default: as the peak needs)', wholeNumber('The number', 1, 10_000))
    .addOption(
      new Option('--instance-type <type>', "the servers' type (c6i.large, a trial t3.micro)").choices(
        Object.keys(prices.instanceHour),
      ),
    )
    .option('--trial', 'one t3.micro without a load balancer')
    .option(
      '--linger-ms <ms>',
      'how long a record waits for more events',
      wholeNumber('The linger', 0, 1_000),
      standard.lingerMs,
    )
    .option('--buffer-size <MiB>', 'Firehose’s', wholeNumber('The buffer', 64, 128), standard.bufferSizeMiB)
    .option('--buffer-seconds <s>', 'Firehose’s', wholeNumber('The interval', 60, 900), standard.bufferIntervalSeconds)
    .option('--compression-ratio <n>', 'of gzip; 1 without', numberAbove0('The ratio'), standard.compressionRatio)
    .option('--retention-hours <h>', 'of the stream', wholeNumber('Retention', 24, 168), standard.retentionHours)
    .option('--spool-gib <n>', 'disk for an outage, a server (8, a trial 1)', numberAbove0('The spool'))
    .option('--json', 'the whole plan as JSON')
    .addHelpText('after', help)
    .action(async (options: PlanOptions) => (await import('../actions/plan.js')).plan(options));
}

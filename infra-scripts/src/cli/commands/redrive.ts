import type { Command } from 'commander';
import type { RedriveOptions } from '../actions/redrive.js';
import { lakeOption, lakeStateOption, workGroupOption } from '../options/lake.js';
import { giveUpAfterOption, keyOption, regionOption } from '../options/target.js';
import { wholeNumber } from '../options/values.js';

const help = `
  quarantine  what the ingest server rejected: checked again, and sent to the ingest server when it fits now
  errors      what Firehose could not deliver (no page or event, too many partitions): put into the stream again

It is safe to repeat. An event keeps its event_id, stream_id and seq, and redrive skips what the lake has and what an earlier redrive got acknowledged.
Readers remove a copy by these three, should one arise all the same. The rows in quarantine stay: they are the record.

Examples:
  millrace redrive quarantine --dry-run
  millrace redrive quarantine --code invalid_event --jq '.item_quantity |= tonumber'
  millrace redrive errors --since 2026-11-23
  millrace redrive errors --jq '.page //= "home"'

--jq repairs each event before it is checked; it gives one object an event.
Exit codes: 0 all of it is in or on its way, 1 nothing can go in or not acknowledged, 2 called wrongly, 3 some of it still cannot go in,
4 nothing there to redrive, 130 interrupted.`;

/** Defines `millrace redrive`. */
export function addRedrive(program: Command): void {
  program
    .command('redrive')
    .description('Send what lies in quarantine, or what Firehose could not deliver, into the pipeline again')
    .argument('<what>', 'quarantine or errors')
    .option('--code <code>', 'only those with this code')
    .option('--since <time>', 'only those that came at or after: 2026-11-23, or with a time in UTC')
    .option('--jq <filter>', 'repairs each event first')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .option('--to <url>', 'the ingest server, for the quarantine (the one that runs here)')
    .addOption(keyOption())
    .option('--stream <name>', 'the Kinesis stream, for errors', process.env.MILLRACE_STREAM || 'clickstream')
    .option('--endpoint-url <url>', 'the AWS endpoint, for errors')
    .addOption(regionOption())
    .option('--journal <file>', 'what was acknowledged before (redriven.txt in the state folder)')
    .addOption(giveUpAfterOption(wholeNumber('The time', 0)))
    .option('--json', 'the totals as JSON')
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', help)
    .action(async (what: string, options: RedriveOptions) =>
      (await import('../actions/redrive.js')).redrive(what, options),
    );
}

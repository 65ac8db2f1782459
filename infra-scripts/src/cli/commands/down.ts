import type { Command } from 'commander';
import type { DownCommandOptions } from '../actions/down.js';
import { deployOptions } from '../options/deploy.js';
import { wholeNumber } from '../options/values.js';

const help = `
The servers go first, each when it has sent on what it holds. Then Firehose has time to write what is in the stream. Then the rest goes.
The lake stays, and millrace up uses it again. Only --delete-data with the lake's whole name deletes it.

Examples:
  millrace down
  millrace down --delete-data millrace-lake-123456789012-eu-central-1`;

/** Defines `millrace down`. */
export function addDown(program: Command): void {
  deployOptions(program.command('down').description('Take the pipeline on AWS down; the lake stays'))
    .option('--delete-data <lake>', "delete every event, too: the lake's name, typed out")
    .option('--drain-seconds <s>', 'time for what is in the stream', wholeNumber('The time', 0, 3_600), 180)
    .option('--yes', 'do not ask')
    .addHelpText('after', help)
    .action(async (options: DownCommandOptions) => (await import('../actions/down.js')).downCommand(options));
}

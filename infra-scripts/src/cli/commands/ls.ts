import type { Command } from 'commander';
import type { LsOptions } from '../actions/ls.js';
import { lakeOption, lakeStateOption, noBotsOption, siteOption, workGroupOption } from '../options/lake.js';

const examples = `
Examples:
  millrace ls
  millrace ls --json
  millrace ls --site shop --no-bots
  millrace ls --lake .millrace/s3/millrace-lake

Events are counted as delivered, with copies. Refused events (_quarantine) and the rows of the ledger (_ledger) are counted apart; with --json
kind says which it is, rows counts all and events only events. Bytes are as stored, compressed. newest is when the last one was received.
--site counts the events of that site: not those without a site, which are older, or were put straight into the stream. --no-bots leaves out
those that a bot sent, and none that does not say. Objects and bytes are always of all events. With --json: one JSON object a line.
Exit codes: 0 listed, 1 cannot be listed, 2 called wrongly, 4 no such events found, 130 interrupted.`;

/** Defines `millrace ls`. */
export function addLs(program: Command): void {
  program
    .command('ls')
    .description('What lies in the lake: pages × events, with objects, events, bytes and the newest event')
    .option('--json', 'one JSON object a line')
    .addOption(siteOption())
    .addOption(noBotsOption())
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (options: LsOptions) => (await import('../actions/ls.js')).ls(options));
}

import type { Command } from 'commander';
import type { LsOptions } from '../actions/ls.js';
import { lakeOption, lakeStateOption, workGroupOption } from '../options/lake.js';

const examples = `
Examples:
  millrace ls
  millrace ls --json
  millrace ls --lake .millrace/s3/millrace-lake

Events are counted as delivered, with copies. Bytes are as stored, compressed. With --json: one JSON object a line.
Exit codes: 0 listed, 1 cannot be listed, 2 called wrongly, 4 no events found, 130 interrupted.`;

/** Defines `millrace ls`. */
export function addLs(program: Command): void {
  program
    .command('ls')
    .description('What lies in the lake: pages × events, with objects, events, bytes and the newest event')
    .option('--json', 'one JSON object a line')
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (options: LsOptions) => (await import('../actions/ls.js')).ls(options));
}

import { type Command, InvalidArgumentError } from 'commander';
import type { LogsOptions } from '../actions/logs.js';
import { deployOptions } from '../options/deploy.js';

function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('A time is a number with s, m, h or d: 30m.');
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd'];
}

/** Defines `millrace logs`. */
export function addLogs(program: Command): void {
  deployOptions(program.command('logs').description('The logs of the servers on AWS, or with --delivery of Firehose'))
    .option('--delivery', 'what Firehose could not do')
    .option('--since <time>', 'from this long ago on: 30m, 2h, 1d', durationMs, durationMs('30m'))
    .option('--follow', 'go on with new lines, until Ctrl-C')
    .option('--json', 'a JSON object a line')
    .action(async (options: LogsOptions) => (await import('../actions/logs.js')).logs(options));
}

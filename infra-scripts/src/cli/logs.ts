import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { CommandError } from '../runtime/context.js';
import { type DeployOptions, deploying, deployOptions } from './deploy-options.js';
import { harmless } from './table.js';

interface LogsOptions extends DeployOptions {
  delivery?: true;
  since: number;
  follow?: true;
}

function duration(text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('A time is a number with s, m, h or d: 30m.');
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd'];
}

export function addLogs(program: Command): void {
  deployOptions(program.command('logs').description('What the servers on AWS say, or with --delivery Firehose'))
    .option('--delivery', 'what Firehose could not do')
    .option('--since <time>', 'from so long ago on: 30m, 2h, 1d', duration, duration('30m'))
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'a JSON object a line')
    .action((options: LogsOptions) =>
      deploying(options, async ({ clients, signal }) => {
        const { statusOf } = await import('../deploy/status.js');
        const { logLines } = await import('../deploy/logs.js');
        const { outputs } = await statusOf(clients, options.name);
        if (!outputs.StreamName)
          throw new CommandError(`there is no ${options.name} in this region, or it is not made yet`);
        const group = options.delivery
          ? `/aws/kinesisfirehose/${outputs.DeliveryStreamName}`
          : `/millrace/${outputs.StreamName}/ingest`;
        const lines = logLines(clients.logs, {
          group,
          sinceMs: Date.now() - options.since,
          follow: options.follow === true,
          signal,
        });
        for await (const line of lines) {
          console.log(options.json ? JSON.stringify(line) : `${line.time} ${line.from} ${harmless(line.message)}`);
        }
      }),
    );
}

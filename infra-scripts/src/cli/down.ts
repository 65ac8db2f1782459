import type { Command } from 'commander';
import { type DeployOptions, deploying, deployOptions } from './deploy-options.js';
import { wholeNumber } from './option-values.js';

interface DownOptions extends DeployOptions {
  deleteData?: string;
  drainSeconds: number;
}

const help = `
The servers go first, each when it has sent on what it holds; then what is in the stream has time to be written; then the rest goes.
The lake stays, and millrace up takes it up again. Only --delete-data with the lake's whole name deletes it.

Examples:
  millrace down
  millrace down --delete-data millrace-lake-123456789012-eu-central-1`;

export function addDown(program: Command): void {
  deployOptions(program.command('down').description('Take the pipeline on AWS down; the lake stays'))
    .option('--delete-data <lake>', "delete every event, too: the lake's name, typed out")
    .option('--drain-seconds <s>', 'for what is in the stream', wholeNumber('The time', 0, 3_600), 180)
    .option('--yes', 'do not ask')
    .addHelpText('after', help)
    .action((options: DownOptions) =>
      deploying(options, async ({ clients, region, says, signal }) => {
        const { down } = await import('../deploy/remove.js');
        const { name, deleteData, drainSeconds } = options;
        const gone = await down({ clients, name, region, says, deleteData, drainMs: drainSeconds * 1_000, signal });
        if (!gone) {
          says.line('Nothing was done.');
          process.exitCode = 1;
        }
      }),
    );
}

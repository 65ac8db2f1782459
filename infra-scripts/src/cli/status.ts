import type { Command } from 'commander';
import { type DeployOptions, deploying, deployOptions } from './deploy-options.js';

export function addStatus(program: Command): void {
  deployOptions(program.command('status').description('What is deployed on AWS, and how it is'))
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit codes: 0 the stack is at rest and the delivery stream is ACTIVE, 1 not.')
    .action((options: DeployOptions) =>
      deploying(options, async ({ clients }) => {
        const { statusOf, statusText } = await import('../deploy/status.js');
        const status = await statusOf(clients, options.name);
        console.log(options.json ? JSON.stringify(status) : statusText(status));
        const isWell = status.stack.endsWith('_COMPLETE') && status.deliveryStream === 'ACTIVE';
        process.exitCode = isWell ? 0 : 1;
      }),
    );
}

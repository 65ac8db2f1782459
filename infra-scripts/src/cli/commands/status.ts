import type { Command } from 'commander';
import type { DeployOptions } from '../actions/deploying.js';
import { deployOptions } from '../options/deploy.js';

/** Defines `millrace status`. */
export function addStatus(program: Command): void {
  deployOptions(program.command('status').description('What is deployed on AWS, and its state'))
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit codes: 0 the stack is at rest and the delivery stream is ACTIVE, 1 not.')
    .action(async (options: DeployOptions) => (await import('../actions/status.js')).status(options));
}

import type { Command } from 'commander';
import type { ShellOptions } from '../actions/shell.js';
import { deployOptions } from '../options/deploy.js';

const help = `
By Session Manager: no open port, no key. It needs the AWS CLI and its Session Manager plugin on this machine; --print only prints the command.
On the generator's host: millrace generate clickstream 1 1`;

/** Defines `millrace shell`. */
export function addShell(program: Command): void {
  deployOptions(
    program.command('shell').description("A shell on the generator's host on AWS, or with --server on a server"),
  )
    .option('--server', 'on an ingest server')
    .option('--print', 'print the command, and do nothing')
    .addHelpText('after', help)
    .action(async (options: ShellOptions) => (await import('../actions/shell.js')).shell(options));
}

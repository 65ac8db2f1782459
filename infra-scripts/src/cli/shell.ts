import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { CommandError } from '../runtime/context.js';
import { type DeployOptions, deploying, deployOptions, regionOf } from './deploy-options.js';

interface ShellOptions extends DeployOptions {
  server?: true;
  print?: true;
}

const help = `
By Session Manager: no open port, no key. It needs the AWS CLI and its Session Manager plugin on this machine; --print only prints the command.
On the generator's host: millrace generate clickstream 1 1`;

export function addShell(program: Command): void {
  deployOptions(
    program.command('shell').description("A shell on the generator's host on AWS, or with --server on a server"),
  )
    .option('--server', 'on an ingest server')
    .option('--print', 'print the command, and do nothing')
    .addHelpText('after', help)
    .action(async (options: ShellOptions) => {
      let command: string[] = [];
      await deploying(options, async ({ clients }) => {
        const { statusOf } = await import('../deploy/status.js');
        const { servers, generatorHost } = await statusOf(clients, options.name);
        const target = options.server ? servers[0] : generatorHost;
        if (target === undefined) {
          throw new CommandError(
            options.server
              ? 'no server is reached by Session Manager: millrace status'
              : "there is no generator's host: millrace up --generator-host makes one, --server takes a server",
          );
        }
        command = ['ssm', 'start-session', '--target', target, '--region', regionOf(options)];
      });
      if (command.length === 0) return;
      if (options.print) return console.log(`aws ${command.join(' ')}`);
      const child = spawn('aws', command, { stdio: 'inherit' });
      // The session takes Ctrl-C itself.
      process.on('SIGINT', () => {});
      const [code] = await once(child, 'exit').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new CommandError('there is no aws command: install the AWS CLI, or use --print and the console');
      });
      process.exitCode = code as number;
    });
}

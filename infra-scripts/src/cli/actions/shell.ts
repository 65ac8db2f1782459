import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MillraceError } from '@millrace/kit/millrace-error';
import { statusOf } from '../../deploy/status.js';
import { type DeployOptions, deploying, regionOf } from './deploying.js';

/** The options of `millrace shell`. */
export interface ShellOptions extends DeployOptions {
  server?: true;
  print?: true;
}

/** Opens a session of Session Manager on a host of the deployment, by the AWS CLI; the exit code is the CLI's. */
export async function shell(options: ShellOptions): Promise<void> {
  let command: string[] = [];
  await deploying(options, ['cloudFormation', 'firehose', 'ssm'], async ({ clients }) => {
    const { servers, generatorHost } = await statusOf(clients, options.name);
    const target = options.server ? servers[0] : generatorHost;
    if (target === undefined) {
      throw new MillraceError(
        'NO_HOST',
        options.server
          ? 'Session Manager reaches no server: see millrace status'
          : "there is no generator's host: millrace up --generator-host makes one, --server takes a server",
        { exitCode: 4 },
      );
    }
    command = ['ssm', 'start-session', '--target', target, '--region', regionOf(options)];
  });
  if (command.length === 0) return;
  if (options.print) {
    console.log(`aws ${command.join(' ')}`);
    return;
  }
  const child = spawn('aws', command, { stdio: 'inherit' });
  // The session takes Ctrl-C itself.
  process.on('SIGINT', () => {});
  const [code] = await once(child, 'exit').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new MillraceError(
      'NO_AWS_CLI',
      'the aws command is missing: install the AWS CLI, or use --print and the console',
    );
  });
  process.exitCode = code as number;
}

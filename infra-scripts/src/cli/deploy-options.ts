import { createInterface } from 'node:readline/promises';
import { listenForShutdown } from '@millrace/kit/shutdown-signal';
import type { Command } from 'commander';
import { logIn } from '../deploy/advice.js';
import type { DeployClients } from '../deploy/clients.js';
import type { Says } from '../deploy/say.js';
import { CommandError, UsageError } from '../runtime/context.js';

export interface DeployOptions {
  name: string;
  region?: string;
  endpointUrl?: string;
  yes?: true;
  json?: true;
}

/** The options that every command of a deployment has. */
export function deployOptions(command: Command): Command {
  return command
    .option('--name <name>', "the stack's name", 'millrace')
    .option('--region <region>', 'the AWS region (AWS_REGION)')
    .option('--endpoint-url <url>', 'another endpoint than AWS, for tests (AWS_ENDPOINT_URL)');
}

export function regionOf({ region }: DeployOptions): string {
  const found = region ?? (process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION);
  if (!found) throw new UsageError('which region? Say it with --region eu-central-1, or set AWS_REGION');
  return found;
}

/** Lines on standard error: standard output is for what is asked for. */
export function sayer({ yes }: Pick<DeployOptions, 'yes'>): Says {
  let drawn = false;
  const clear = () => {
    if (drawn) process.stderr.write('\r\x1b[K');
    drawn = false;
  };
  return {
    line(text) {
      clear();
      console.error(text);
    },
    progress(text) {
      if (!process.stderr.isTTY) return;
      process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
      drawn = true;
    },
    async confirm(question) {
      clear();
      if (yes) return true;
      if (!process.stdin.isTTY) throw new UsageError(`${question} Nobody can answer here: --yes says so`);
      const asking = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^(y|yes)$/i.test((await asking.question(`${question} [y/N] `)).trim());
      } finally {
        asking.close();
      }
    },
  };
}

/** Runs one command of a deployment: clients, Ctrl-C, and errors as people read them. */
export async function deploying(
  options: DeployOptions,
  work: (context: { clients: DeployClients; region: string; says: Says; signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  const region = regionOf(options);
  const says = sayer(options);
  // Only here: the AWS SDK takes longer to load than all the rest.
  const { deployClients, destroyDeployClients } = await import('../deploy/clients.js');
  const clients = deployClients({ region, endpoint: options.endpointUrl });
  const stop = listenForShutdown({
    output: process.stdout,
    onFirst: () => says.line('stopping; AWS goes on with what it was asked for'),
  });
  try {
    await work({ clients, region, says, signal: stop.signal });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'StoppedError') {
      says.line(
        `Stopped. Nothing is kept here: millrace status shows how far it is, millrace up goes on, millrace down removes it.`,
      );
      process.exitCode = 130;
      return;
    }
    if (error.name === 'DeployError' || error instanceof RangeError) throw new CommandError(error.message);
    if (error.name === 'CredentialsProviderError')
      throw new CommandError(`AWS does not know who asks (${error.message}). ${logIn}`);
    if ('$metadata' in error) {
      throw new CommandError(`AWS refuses: ${error.name}: ${error.message}`);
    }
    throw error;
  } finally {
    stop.release();
    destroyDeployClients(clients);
  }
}

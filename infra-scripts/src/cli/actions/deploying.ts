import { isMillraceError, MillraceError, usageError } from '@millrace/kit/millrace-error';
import { listenForShutdown } from '@millrace/kit/shutdown-signal';
import { credentialsError } from '../../deploy/advice.js';
import type { Output } from '../../deploy/output.js';
import { clientConfig } from '../../targets/aws-client-config.js';
import { type AwsClients, awsClients, destroyClients } from '../../targets/aws-clients.js';
import { terminalOutput } from '../text/terminal-output.js';

/** The options that every command of a deployment has. */
export interface DeployOptions {
  name: string;
  region?: string;
  endpointUrl?: string;
  yes?: true;
  json?: true;
}

/** What a command of a deployment works with. */
export interface DeployContext<Name extends keyof AwsClients> {
  clients: Pick<AwsClients, Name>;
  region: string;
  output: Output;
  /** Aborts with Ctrl-C. */
  signal: AbortSignal;
}

/** @throws MillraceError `USAGE` when neither the option nor the environment names a region. */
export function regionOf({ region }: DeployOptions): string {
  const found = region ?? (process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION);
  if (!found) throw usageError('no AWS region given: pass --region eu-central-1, or set AWS_REGION');
  return found;
}

/** Control calls are few and throttled at a handful a second: the clients wait and repeat them themselves. */
const maxAttempts = 8;

/**
 * Runs one command of a deployment with the AWS clients that it names. What AWS answers becomes an error for a person;
 * Ctrl-C ends the command with the exit code 130.
 */
export async function deploying<Name extends keyof AwsClients>(
  options: DeployOptions,
  names: readonly Name[],
  work: (context: DeployContext<Name>) => Promise<void>,
): Promise<void> {
  const region = regionOf(options);
  const output = terminalOutput(options);
  const endpoint = options.endpointUrl === undefined ? {} : { endpoint: options.endpointUrl };
  const clients = await awsClients(clientConfig({ region, maxAttempts, ...endpoint }), names);
  const shutdown = listenForShutdown({
    output: process.stdout,
    onFirst: () => output.line('stopping; AWS goes on with what it was asked for'),
  });
  try {
    await work({ clients, region, output, signal: shutdown.signal });
  } catch (error) {
    if (!isMillraceError(error, 'STOPPED')) throw explained(error);
    output.line(
      'Stopped. Nothing is kept here: millrace status shows the state, millrace up goes on, millrace down removes it.',
    );
    process.exitCode = 130;
  } finally {
    shutdown.release();
    destroyClients(clients as Partial<AwsClients>);
  }
}

/** An error of the AWS SDK, or of a setting, as a person reads it. */
function explained(error: unknown): unknown {
  if (isMillraceError(error) || !(error instanceof Error)) return error;
  if (error instanceof RangeError) return new MillraceError('BAD_SETTINGS', error.message, { cause: error });
  if (error.name === 'CredentialsProviderError') return credentialsError(error);
  if ('$metadata' in error)
    return new MillraceError('AWS_CALL_FAILED', `AWS call failed: ${error.name}: ${error.message}`, { cause: error });
  return error;
}

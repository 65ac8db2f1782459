import { describeDeliveryStream } from '../pipeline/describe-delivery-stream.js';
import { until } from '../pipeline/wait.js';
import type { AwsClients } from '../targets/aws-clients.js';
import type { Deployment } from './deployment.js';
import { deployError, type Output, stoppedError } from './output.js';
import { findStack } from './stack.js';

/** A pipeline that runs. */
export interface Deployed {
  name: string;
  /** The stack's outputs. */
  outputs: Record<string, string>;
  writeKeys: string[];
  deployment: Deployment;
  /** Whether this run changed anything. */
  changed: boolean;
}

interface DeployedOptions {
  clients: Pick<AwsClients, 'cloudFormation' | 'firehose'>;
  wanted: { name: string };
  output: Output;
  signal?: AbortSignal | undefined;
  activeTimeoutMs?: number | undefined;
}

/**
 * The stack's outputs, once the delivery stream is ACTIVE: Firehose reads from that moment on, so nothing is sent
 * before.
 * @throws MillraceError `DEPLOY_FAILED` when that takes too long; `STOPPED` after Ctrl-C
 */
export async function deployedStack(
  options: DeployedOptions,
  { deployment, writeKeys, changed }: Pick<Deployed, 'deployment' | 'writeKeys' | 'changed'>,
): Promise<Deployed> {
  const { clients, wanted, output, signal, activeTimeoutMs = 300_000 } = options;
  const stack = await findStack(clients.cloudFormation, wanted.name);
  const outputs = Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue ?? '']),
  );
  const name = outputs.DeliveryStreamName ?? '';
  await until(
    async () => {
      const found = await describeDeliveryStream(clients.firehose, name, signal);
      return found?.DeliveryStreamStatus === 'ACTIVE' ? found : undefined;
    },
    { what: `the delivery stream ${name} to be ACTIVE`, timeoutMs: activeTimeoutMs, signal },
  ).catch((error: Error) => {
    throw signal?.aborted ? stoppedError() : deployError(error.message);
  });
  output.line(`delivery stream ${name}: ACTIVE`);
  return { name: wanted.name, outputs, writeKeys, deployment, changed };
}

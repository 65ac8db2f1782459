import { statusOf, statusText } from '../../deploy/status.js';
import { type DeployOptions, deploying } from './deploying.js';

/**
 * Prints what is deployed; the exit code is 0 when the stack is at rest and the delivery stream is ACTIVE, 4 when there
 * is none, else 1.
 */
export function status(options: DeployOptions): Promise<void> {
  return deploying(options, ['cloudFormation', 'firehose', 'ssm'], async ({ clients }) => {
    const found = await statusOf(clients, options.name);
    console.log(options.json ? JSON.stringify(found) : statusText(found));
    const isWell = found.stack.endsWith('_COMPLETE') && found.deliveryStream === 'ACTIVE';
    process.exitCode = found.stack === 'absent' ? 4 : isWell ? 0 : 1;
  });
}

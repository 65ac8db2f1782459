import type { Stack } from '@aws-sdk/client-cloudformation';
import type { AwsClients } from '../targets/aws-clients.js';
import { deleteStack } from './delete-stack.js';
import { deployError, type Output } from './output.js';
import { findStack, newestEvent, stateOf, type Waits, waitForStack } from './stack.js';

interface SettleOptions extends Waits {
  clients: Pick<AwsClients, 'cloudFormation'>;
  wanted: { name: string };
  output: Output;
}

/**
 * The stack at rest: waits for what an earlier run began, and removes what a failed creation left empty.
 * @returns undefined when there is no stack
 * @throws MillraceError `DEPLOY_FAILED` when only a person can get the stack on
 */
export async function settledStack(options: SettleOptions): Promise<Stack | undefined> {
  const { clients, wanted, output } = options;
  const client = clients.cloudFormation;
  const found = await findStack(client, wanted.name);
  const state = stateOf(found?.StackStatus);
  if (found === undefined || state === 'absent') return undefined;
  const { StackId = '', StackStatus } = found;
  if (state === 'busy') {
    output.line(`${wanted.name} is ${StackStatus}: waiting for what an earlier run began`);
    await waitForStack(client, StackId, output, { ...options, since: await newestEvent(client, StackId) });
    return settledStack(options);
  }
  if (state === 'empty' || state === 'reviewing') {
    output.line(`${wanted.name} is ${StackStatus}, with nothing in it: removing it first`);
    await deleteStack(client, StackId, output, options);
    return undefined;
  }
  if (state === 'stuck') {
    throw deployError(
      `${wanted.name} is ${StackStatus}: CloudFormation needs help (aws cloudformation continue-update-rollback --stack-name ${wanted.name}, or millrace down)`,
    );
  }
  return found;
}

import { type CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { deployError, type Output } from './output.js';
import { newestEvent, type Waits, waitForStack } from './stack.js';

/** Deletes a stack, by its id, and waits until it is gone. @throws MillraceError `DEPLOY_FAILED` naming what stays */
export async function deleteStack(
  client: CloudFormationClient,
  stackId: string,
  output: Output,
  options: Waits,
): Promise<void> {
  const since = await newestEvent(client, stackId);
  await client.send(new DeleteStackCommand({ StackName: stackId }));
  const { status, state, failures } = await waitForStack(client, stackId, output, { ...options, since });
  if (state === 'absent') return;
  const what = failures.map(({ resource, reason }) => `${resource}: ${reason}`).join('; ');
  throw deployError(`the stack is ${status}${what ? `: ${what}` : ''}. millrace down again goes on from there`);
}

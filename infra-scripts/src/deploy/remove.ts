import { setTimeout as delay } from 'node:timers/promises';
import { type CloudFormationClient, DeleteStackCommand, UpdateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { DeployClients } from './clients.js';
import { DeployError, type Says, StoppedError } from './say.js';
import { findStack, newestEvent, stateOf, waitForStack } from './stack.js';

interface Waits {
  signal?: AbortSignal | undefined;
  pauseMs?: number | undefined;
}

/** Deletes a stack, by its id, and waits until it is gone. @throws DeployError naming what does not go */
export async function deleteStack(
  client: CloudFormationClient,
  stackId: string,
  says: Says,
  options: Waits,
): Promise<void> {
  const since = await newestEvent(client, stackId);
  await client.send(new DeleteStackCommand({ StackName: stackId }));
  const { status, state, failures } = await waitForStack(client, stackId, says, { ...options, since });
  if (state === 'absent') return;
  const what = failures.map(({ resource, reason }) => `${resource}: ${reason}`).join('; ');
  throw new DeployError(`the stack is ${status}${what ? `: ${what}` : ''}. millrace down again goes on from there`);
}

export interface DownOptions extends Waits {
  clients: DeployClients;
  name: string;
  says: Says;
  /** The lake's name, typed: only then is data deleted. */
  deleteData?: string | undefined;
  /** How long Firehose may need for what is in the stream. */
  drainMs: number;
}

/**
 * Takes the pipeline down in the order in which an event travels: first the servers, which send on what they hold, then what is in the
 * stream has time to be written, then the rest. The lake stays unless its name is given.
 * @throws DeployError when there is no such stack, or the name is not the lake's
 */
export async function down(options: DownOptions): Promise<boolean> {
  const { clients, name, says, deleteData } = options;
  const client = clients.cloudFormation;
  let stack = await findStack(client, name);
  if (stateOf(stack?.StackStatus) === 'absent') throw new DeployError(`there is no stack ${name} in this region`);
  if (stateOf(stack!.StackStatus) === 'busy') {
    says.line(`${name} is ${stack!.StackStatus}: waiting for what an earlier run began`);
    await waitForStack(client, stack!.StackId!, says, {
      ...options,
      since: await newestEvent(client, stack!.StackId!),
    });
    stack = await findStack(client, name);
    if (stack === undefined) return true;
  }
  const lake = stack!.Outputs?.find(({ OutputKey }) => OutputKey === 'LakeBucketName')?.OutputValue;
  if (deleteData !== undefined && deleteData !== lake) {
    throw new DeployError(
      `--delete-data ${deleteData} is not the lake's name${lake ? `, which is ${lake}` : ''}: nothing was done`,
    );
  }
  const fate = deleteData ? `The lake ${lake} and every event in it go, for good.` : `The lake ${lake ?? ''} stays.`;
  if (!(await says.confirm(`${name} goes: servers, streams, tables, alarms. ${fate} Go on?`))) return false;

  const servers = stack!.Parameters?.find(({ ParameterKey }) => ParameterKey === 'MinServers');
  if (servers && stateOf(stack!.StackStatus) !== 'stuck') {
    if (servers.ParameterValue !== '0') {
      says.line('the servers go first, each when it has sent on what it holds');
      await withoutServers(
        options,
        stack!.StackId!,
        stack!.Parameters!.map(({ ParameterKey }) => ParameterKey!),
      );
    }
    says.line(`Firehose has ${Math.round(options.drainMs / 1000)} s for what is in the stream`);
    await delay(options.drainMs, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {
      throw new StoppedError('stopped');
    });
  }
  await deleteStack(client, stack!.StackId!, says, options);
  says.line(`${name} is gone`);
  if (deleteData) {
    const count = await emptyBucket(clients.s3, deleteData);
    await clients.s3.send(new DeleteBucketCommand({ Bucket: deleteData }));
    says.line(`${deleteData} is gone, with ${count} versions of objects`);
  }
  return true;
}

async function withoutServers(options: DownOptions, stackId: string, names: string[]): Promise<void> {
  const client = options.clients.cloudFormation;
  const since = await newestEvent(client, stackId);
  await client.send(
    new UpdateStackCommand({
      StackName: stackId,
      UsePreviousTemplate: true,
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: names.map((ParameterKey) =>
        ['MinServers', 'MaxServers'].includes(ParameterKey)
          ? { ParameterKey, ParameterValue: '0' }
          : { ParameterKey, UsePreviousValue: true },
      ),
    }),
  );
  const { state, status, failures } = await waitForStack(client, stackId, options.says, { ...options, since });
  if (state !== 'ready') {
    throw new DeployError(
      `the servers could not be taken out (${status}): ${failures.map(({ reason }) => reason).join('; ')}. Nothing else was done`,
    );
  }
}

/** Deletes every version of every object; returns how many. */
async function emptyBucket(s3: S3Client, Bucket: string): Promise<number> {
  let count = 0;
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key!, VersionId }));
    if (Objects.length === 0) return count;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (Errors.length > 0)
      throw new DeployError(`${Bucket}: ${Errors[0]!.Key} cannot be deleted: ${Errors[0]!.Message}`);
    count += Objects.length;
  }
}

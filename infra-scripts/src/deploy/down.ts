import { setTimeout as delay } from 'node:timers/promises';
import { type Stack, UpdateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { definePipeline } from '../pipeline/definition.js';
import type { AwsClients } from '../targets/aws-clients.js';
import { lakeName } from '../template/names.js';
import { deleteStack } from './delete-stack.js';
import { deployError, type Output, stoppedError } from './output.js';
import { findStack, newestEvent, stateOf, type Waits, waitForStack } from './stack.js';
import { serversOf } from './status.js';
import { bucketExists } from './uploads.js';

/** What to take down, and how. */
export interface DownOptions extends Waits {
  clients: Pick<AwsClients, 'cloudFormation' | 's3' | 'ssm' | 'sts'>;
  name: string;
  region: string;
  output: Output;
  /** The lake's name, typed: only then is data deleted. */
  deleteData?: string | undefined;
  /** How long Firehose may need for what is in the stream. */
  drainMs: number;
}

/**
 * Takes the pipeline down in the order in which an event travels: first the servers, which send on what they hold, then
 * what is in the stream has time to be written, then the rest. The lake stays unless its name is given. Stopped
 * anywhere, it goes on when it is called again.
 * @throws MillraceError `DEPLOY_FAILED` when there is nothing of that name, or the name typed is not the lake's;
 * `STOPPED` after Ctrl-C
 */
export async function down(options: DownOptions): Promise<boolean> {
  const { clients, name, output, deleteData } = options;
  const client = clients.cloudFormation;
  let stack = await findStack(client, name);
  if (stack !== undefined && stateOf(stack.StackStatus) === 'busy') {
    output.line(`${name} is ${stack.StackStatus}: waiting for what an earlier run began`);
    const since = await newestEvent(client, stack.StackId!);
    await waitForStack(client, stack.StackId!, output, { ...options, since });
    stack = await findStack(client, name);
    if (stack === undefined && deleteData === undefined) return true;
  }
  if (stack === undefined || stateOf(stack.StackStatus) === 'absent') return deleteLeftLake(options);

  const lake = stack.Outputs?.find(({ OutputKey }) => OutputKey === 'LakeBucketName')?.OutputValue;
  if (deleteData !== undefined && deleteData !== lake) {
    throw deployError(
      `--delete-data ${deleteData} is not the lake's name${lake ? `, which is ${lake}` : ''}: nothing was done`,
    );
  }
  const fate = deleteData
    ? `The lake ${lake} and every event in it go, for good.`
    : lake
      ? `The lake ${lake} stays.`
      : 'It has no lake.';
  if (!(await output.confirm(`${name} goes: servers, streams, tables, alarms. ${fate} Go on?`))) return false;

  // Nothing runs in a stack that never came up, and a stuck one takes no change.
  if (['ready', 'rolled back'].includes(stateOf(stack.StackStatus))) await drain(options, stack);
  await deleteStack(client, stack.StackId!, output, options);
  output.line(`${name} is gone`);
  if (deleteData) await deleteLake(options, deleteData);
  return true;
}

/** A run with --delete-data that was stopped between the stack and its lake goes on here. */
async function deleteLeftLake(options: DownOptions): Promise<boolean> {
  const { clients, name, region, output, deleteData } = options;
  const none = `there is no stack ${name} in ${region}`;
  if (deleteData === undefined) throw deployError(none, { exitCode: 4 });
  const { Account } = await clients.sts.send(new GetCallerIdentityCommand({}));
  const left = lakeName(definePipeline().settings, Account!, region);
  if (deleteData !== left || !(await bucketExists(clients.s3, left, Account!))) {
    throw deployError(`${none}, and ${deleteData} is not a lake that one left: nothing was done`);
  }
  const question = `${name} is gone already. The lake ${left} and every event in it go, for good. Go on?`;
  if (!(await output.confirm(question))) return false;
  await deleteLake(options, left);
  return true;
}

async function deleteLake({ clients, output, signal }: DownOptions, lake: string): Promise<void> {
  const count = await emptyBucket(clients.s3, lake, signal);
  await clients.s3.send(new DeleteBucketCommand({ Bucket: lake }));
  output.line(`${lake} is gone, with ${count} versions of objects`);
}

/** Lets what is on its way arrive: out of the servers first, then out of the stream. */
async function drain(options: DownOptions, stack: Stack): Promise<void> {
  const { output, signal, drainMs } = options;
  const serving = stack.Parameters?.find(({ ParameterKey }) => ParameterKey === 'Serving')?.ParameterValue;
  if (serving === undefined) return;
  if (serving !== 'no') {
    output.line('the servers go first, each when it has sent on what it holds');
    await withoutServers(options, stack);
  }
  // CloudFormation does not wait for the servers that a group takes out.
  const looksEveryMs = options.pauseMs ?? 10_000;
  for (;;) {
    const left = await serversOf(options.clients, options.name, undefined);
    if (left.length === 0) break;
    output.progress(`${left.length} ${left.length === 1 ? 'server sends' : 'servers send'} on what they hold`);
    await pause(looksEveryMs, signal);
  }
  output.line(`Firehose has ${Math.round(drainMs / 1000)} s for what is in the stream`);
  await pause(drainMs, signal);
}

const pause = (ms: number, signal: AbortSignal | undefined) =>
  delay(ms, undefined, signal ? { signal } : {}).catch(() => {
    throw stoppedError();
  });

async function withoutServers(options: DownOptions, { StackId, Parameters = [] }: Stack): Promise<void> {
  const client = options.clients.cloudFormation;
  const since = await newestEvent(client, StackId!);
  await client.send(
    new UpdateStackCommand({
      StackName: StackId!,
      UsePreviousTemplate: true,
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: Parameters.map(({ ParameterKey }) =>
        ParameterKey === 'Serving'
          ? { ParameterKey, ParameterValue: 'no' }
          : { ParameterKey: ParameterKey!, UsePreviousValue: true },
      ),
    }),
  );
  const { state, status, failures } = await waitForStack(client, StackId!, options.output, { ...options, since });
  if (state !== 'ready') {
    throw deployError(
      `the servers could not be taken out (${status}): ${failures.map(({ reason }) => reason).join('; ')}. Nothing else was done`,
    );
  }
}

/** Deletes every version of every object; returns how many. */
async function emptyBucket(s3: S3Client, Bucket: string, signal: AbortSignal | undefined): Promise<number> {
  let count = 0;
  for (;;) {
    if (signal?.aborted) throw stoppedError();
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key!, VersionId }));
    if (Objects.length === 0) return count;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (Errors.length > 0) throw deployError(`${Bucket}: ${Errors[0]!.Key} cannot be deleted: ${Errors[0]!.Message}`);
    count += Objects.length;
  }
}

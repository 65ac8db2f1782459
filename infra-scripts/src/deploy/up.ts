import type { AwsClients } from '../targets/aws-clients.js';
import { accountOf } from './account.js';
import { changeStack } from './change-stack.js';
import { costText } from './cost.js';
import { type Deployed, deployedStack } from './deployed-stack.js';
import type { Wanted } from './deployment.js';
import { type DesiredStack, desiredStack } from './desired-stack.js';
import type { Output } from './output.js';
import { settledStack } from './settled-stack.js';
import { uploadForStack } from './uploads.js';

/** The AWS clients that `up` works with. */
export type UpClients = Pick<AwsClients, 'cloudFormation' | 'firehose' | 's3' | 'ssm' | 'sts'>;

/** What to deploy, and how. */
export interface UpOptions {
  clients: UpClients;
  region: string;
  wanted: Wanted;
  output: Output;
  /** Makes the archive that the hosts run. */
  release: () => Promise<{ name: string; bytes: Buffer }>;
  /** For the cost that the question before a creation names; 100, for a trial 1. */
  eventsPerSecond?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Between two looks at what AWS does. */
  pauseMs?: number | undefined;
  /** How long Firehose may take to become ACTIVE. */
  activeTimeoutMs?: number | undefined;
}

/**
 * Brings the deployed pipeline to what is wanted: creates it, changes it, or leaves it. AWS keeps everything that is
 * known about it, so a run can be stopped at any moment and started again.
 * @returns undefined when the person said no, and nothing was changed
 * @throws MillraceError `DEPLOY_FAILED` saying which resource failed, why, and what to do; `STOPPED` after Ctrl-C
 */
export async function up(options: UpOptions): Promise<Deployed | undefined> {
  const accountId = await accountOf(options.clients.sts);
  const before = await settledStack(options);
  const desired = await desiredStack({ ...options, accountId }, before);
  if (before === undefined && !(await agreesToCreate(options, desired))) return undefined;

  const uploads = await uploadForStack(options, desired);
  const outcome = await changeStack(options, { before, desired, uploads });
  if (outcome === 'declined') return undefined;

  return deployedStack(options, { ...desired, writeKeys: uploads.writeKeys, changed: outcome === 'changed' });
}

/** A creation is shown before anything is uploaded; a change can be shown only by CloudFormation, from the uploads. */
async function agreesToCreate(
  { output, wanted, region, eventsPerSecond }: UpOptions,
  { accountId, resourceCount, deployment }: DesiredStack,
): Promise<boolean> {
  output.line(`${wanted.name} in ${region} (account ${accountId}): ${resourceCount} resources.`);
  output.line(costText(deployment, eventsPerSecond ?? (deployment.size === 'trial' ? 1 : 100)));
  return output.confirm('Create it?');
}

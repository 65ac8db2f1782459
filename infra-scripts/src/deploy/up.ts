import { spreadText } from '../plan/spread-text.js';
import type { AwsClients } from '../targets/aws-clients.js';
import { accountOf } from './account.js';
import { changeStack } from './change-stack.js';
import { costText } from './cost.js';
import { type Deployed, deployedStack } from './deployed-stack.js';
import type { Wanted } from './deployment.js';
import { type DesiredStack, desiredStack } from './desired-stack.js';
import { expectedPlan } from './expected-plan.js';
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
  /** For the cost that is named, and the way to spread that is recommended; 100, for a trial 1. */
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
  const stack = await desiredStack({ ...options, accountId }, before);
  const desired = before === undefined ? await agreedToCreate(options, stack) : stack;
  if (desired === undefined) return undefined;
  if (before !== undefined) await tellSpread(options, desired);

  const uploads = await uploadForStack(options, desired);
  const outcome = await changeStack(options, { before, desired, uploads });
  if (outcome === 'declined') return undefined;

  return deployedStack(options, { ...desired, writeKeys: uploads.writeKeys, changed: outcome === 'changed' });
}

/**
 * A creation is shown before anything is uploaded; a change can be shown only by CloudFormation, from the uploads.
 * @returns the stack with the way to spread that is recommended, unless another was asked for; undefined for a no
 */
async function agreedToCreate(
  { output, wanted, region, eventsPerSecond }: UpOptions,
  desired: DesiredStack,
): Promise<DesiredStack | undefined> {
  const { accountId, resourceCount, deployment } = desired;
  const plan = await expectedPlan(deployment, eventsPerSecond ?? (deployment.size === 'trial' ? 1 : 100));
  output.line(`${wanted.name} in ${region} (account ${accountId}): ${resourceCount} resources.`);
  output.line(costText(deployment, plan));
  output.line(spreadText(plan));
  if (!(await output.confirm('Create it?'))) return undefined;
  const parameters = { ...deployment.parameters, Spread: plan.spread };
  return { ...desired, deployment: { ...deployment, parameters } };
}

/** A stack keeps its way to spread until another is asked for. */
async function tellSpread({ output, wanted, eventsPerSecond }: UpOptions, { deployment }: DesiredStack): Promise<void> {
  const { Spread = 'visitor' } = deployment.parameters;
  const why = wanted.parameters?.Spread === undefined ? 'as it is deployed' : 'as asked';
  if (eventsPerSecond === undefined) return output.line(`Spread: ${Spread}, ${why}.`);
  const parameters = { ...deployment.parameters, Spread };
  output.line(spreadText(await expectedPlan({ ...deployment, parameters }, eventsPerSecond), why));
}

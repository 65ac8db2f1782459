import type { Stack } from '@aws-sdk/client-cloudformation';
import type { AwsClients } from '../targets/aws-clients.js';
import { adviceFor, isTransientFailure } from './advice.js';
import { changeText, discard, execute, type Prepared, prepare } from './change-set.js';
import { deleteStack } from './delete-stack.js';
import type { Wanted } from './deployment.js';
import type { DesiredStack } from './desired-stack.js';
import { deployError, type Output } from './output.js';
import { newestEvent, type Outcome, type Waits, waitForStack } from './stack.js';
import { bucketExists, type Uploads } from './uploads.js';

interface ChangeOptions extends Waits {
  clients: Pick<AwsClients, 'cloudFormation' | 's3'>;
  wanted: Wanted;
  output: Output;
}

/** From what, to what, with what. */
interface ChangePlan {
  before: Stack | undefined;
  desired: DesiredStack;
  uploads: Uploads;
}

/** How often a change is tried when what failed is transient. */
const maxAttempts = 3;

/**
 * Has CloudFormation say what would change, asks the person, and carries the change out. Tries again when every failure
 * is transient.
 * @throws MillraceError `DEPLOY_FAILED` naming what failed, why, and what to do
 */
export async function changeStack(
  options: ChangeOptions,
  plan: ChangePlan,
): Promise<'changed' | 'unchanged' | 'declined'> {
  const { clients, wanted, output } = options;
  const client = clients.cloudFormation;
  const kind = plan.before ? 'UPDATE' : 'CREATE';
  const { templateUrl } = plan.uploads;
  for (let attempt = 1; ; attempt++) {
    const parameters = await parametersOf(options, plan);
    const prepared = await prepare(client, { stack: wanted.name, kind, templateUrl, parameters }, options);
    if (kind === 'UPDATE') {
      if (prepared.changes.length === 0) {
        output.line('Nothing to change.');
        return 'unchanged';
      }
      for (const change of prepared.changes) output.line(changeText(change));
      if (attempt === 1 && !(await output.confirm('Change it?'))) {
        await discard(client, prepared, kind);
        return 'declined';
      }
    }
    const outcome = await carryOut(options, prepared, plan.desired.resourceCount);
    if (outcome.state === 'ready') return 'changed';
    const { failures } = outcome;
    const isTransient = failures.length > 0 && failures.every(({ reason }) => isTransientFailure(reason));
    if (!isTransient || attempt === maxAttempts) throw failed(wanted.name, outcome);
    output.line(`transient failure, retrying (${attempt + 1} of ${maxAttempts})`);
    if (kind === 'CREATE') await deleteStack(client, prepared.stackId, output, options);
  }
}

/** The parameters of the change; undefined ones stay as they are deployed. */
async function parametersOf(
  { clients, wanted }: ChangeOptions,
  { before, desired, uploads }: ChangePlan,
): Promise<Record<string, string | undefined>> {
  const deployed = before?.Parameters ?? [];
  const lake = deployed.find(({ ParameterKey }) => ParameterKey === 'Lake')?.ParameterValue;
  const parameters: Record<string, string | undefined> = {
    // What nobody asks to change keeps its value: an image's is its name, which AWS looks up again.
    ...Object.fromEntries(deployed.map(({ ParameterKey }) => [ParameterKey!, undefined])),
    ...(before ? wanted.parameters : desired.deployment.parameters),
    WriteKeysParameter: desired.writeKeysParameter,
    // A down that was stopped half way has taken the servers out.
    Serving: 'yes',
    ReleaseBucket: uploads.bucket,
    ReleaseKey: uploads.releaseKey,
    // A lake that an earlier stack left, or that a rolled back one made and kept, is used again.
    Lake: lake ?? ((await bucketExists(clients.s3, desired.lake, desired.accountId)) ? 'use' : 'create'),
  };
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => desired.parameterNames.has(name)));
}

async function carryOut(options: ChangeOptions, prepared: Prepared, resources: number): Promise<Outcome> {
  const client = options.clients.cloudFormation;
  const since = await newestEvent(client, prepared.stackId);
  await execute(client, prepared);
  return waitForStack(client, prepared.stackId, options.output, { ...options, since, resources });
}

function failed(name: string, { status, failures, state }: Outcome): Error {
  const lines = failures.map(({ resource, type, reason }) => {
    const advice = adviceFor(reason);
    return `  ${resource} (${type}): ${reason}${advice ? `\n    ${advice}` : ''}`;
  });
  const left =
    state === 'empty'
      ? 'Everything was taken back.'
      : state === 'rolled back'
        ? 'It is as it was before.'
        : `millrace status --name ${name} shows what is there.`;
  return deployError(
    `${name} is ${status}. What failed:\n${lines.join('\n') || '  CloudFormation names nothing'}\n${left}`,
  );
}

import { createHash } from 'node:crypto';
import { GetTemplateCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { parse } from 'yaml';
import { definePipeline } from '../pipeline/definition.js';
import { describeDeliveryStream } from '../pipeline/describe.js';
import { until } from '../pipeline/wait.js';
import { lakeName } from '../template/names.js';
import { makeTemplate } from '../template/template.js';
import { templateYaml } from '../template/yaml.js';
import { adviceFor, isPassingReason, logIn } from './advice.js';
import { changeText, discard, execute, type Prepared, prepare } from './change-set.js';
import type { DeployClients } from './clients.js';
import { type Deployment, merged, recordedIn, type Wanted } from './deployment.js';
import { deleteStack } from './remove.js';
import { DeployError, type Says, StoppedError } from './say.js';
import { findStack, newestEvent, type Outcome, stateOf, waitForStack } from './stack.js';
import { bucketExists, haveObject, haveReleaseBucket } from './uploads.js';
import { haveWriteKeys } from './write-keys.js';

export interface UpOptions {
  clients: DeployClients;
  region: string;
  wanted: Wanted;
  says: Says;
  /** The archive that the hosts run. */
  release: () => Promise<{ name: string; bytes: Buffer }>;
  /** What it costs, for the question. */
  cost: (deployment: Deployment) => string;
  /** Sends one event and waits until it lies in the lake; left out, nothing is sent. */
  check?: ((deployed: Deployed) => Promise<void>) | undefined;
  signal?: AbortSignal | undefined;
  pauseMs?: number | undefined;
  /** How long Firehose may take to become ACTIVE. */
  activeTimeoutMs?: number | undefined;
}

export interface Deployed {
  name: string;
  outputs: Record<string, string>;
  writeKeys: string[];
  deployment: Deployment;
  changed: boolean;
}

/** How often a creation is tried again when what failed passes by itself. */
const mostAttempts = 3;

/**
 * Brings the deployed pipeline to what is wanted: creates it, changes it, or leaves it. Everything that is known about it is kept by AWS,
 * so that it can be stopped at any moment and started again.
 * @throws DeployError saying which resource failed, why, and what to do; StoppedError after Ctrl-C.
 */
export async function up(options: UpOptions): Promise<Deployed | undefined> {
  const { clients, wanted, says, region } = options;
  const client = clients.cloudFormation;
  const accountId = await accountOf(clients);
  const before = await settled(options);
  const recorded = before && recordedIn(await templateOf(options));
  if (before && recorded === undefined) {
    throw new DeployError(`the stack ${wanted.name} is not one of Millrace: choose another name with --name`);
  }
  const deployment = merged(wanted, recorded, before?.Parameters ?? []);
  if (recorded && deployment.size !== recorded.size) {
    throw new DeployError(
      `${wanted.name} is deployed as ${recorded.size}; a ${deployment.size} one has other servers. Take it down first (the lake stays), or choose another name`,
    );
  }
  const pipeline = definePipeline({ ...deployment.settings, region, accountId });
  const lake = lakeName(pipeline.settings, accountId, region);
  const origins = deployment.parameters.Origins;
  if (origins === undefined)
    throw new DeployError('which pages may send? Say it with --origins "https://shop.example"');

  const { MinServers = '2', MaxServers = '6' } = deployment.parameters;
  if (deployment.size === 'standard' && Number(MinServers) >= Number(MaxServers)) {
    throw new DeployError(
      `${MaxServers} servers at most leave no room beside ${MinServers} at least: a change brings a new server before an old one goes. Say --max-servers ${Number(MinServers) + 1} or more`,
    );
  }

  const described = makeTemplate(definePipeline(deployment.settings), deployment.size, deployment.settings);
  const yaml = templateYaml(described, [`The stack ${wanted.name}, as millrace up made it.`]);
  const keysName = deployment.parameters.WriteKeysParameter ?? `/${wanted.name}/write-keys`;
  const kind = before ? 'UPDATE' : 'CREATE';
  if (kind === 'CREATE') {
    says.line(
      `${wanted.name} in ${region} (account ${accountId}): ${Object.keys(described.template.Resources).length} resources.`,
    );
    says.line(options.cost(deployment));
    if (!(await says.confirm('Create it?'))) return undefined;
  }

  const { keys, made } = await haveWriteKeys(clients.ssm, keysName);
  if (made) says.line(`write key: made, in the SSM parameter ${keysName}`);
  const bucket = await haveReleaseBucket(clients.s3, accountId, region);
  const release = await options.release();
  const uploaded = await haveObject(clients.s3, bucket, release.name, release.bytes);
  says.line(`release ${release.name}: ${uploaded ? 'uploaded' : 'there'}`);
  const templateKey = `templates/${createHash('sha256').update(yaml).digest('hex').slice(0, 16)}.yaml`;
  await haveObject(clients.s3, bucket, templateKey, yaml);
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const templateUrl = `https://${bucket}.s3.${region}.${domain}/${templateKey}`;

  for (let attempt = 1; ; attempt++) {
    const existing = attempt === 1 ? before : undefined;
    const Lake = existing?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'Lake')?.ParameterValue;
    const parameters: Record<string, string | undefined> = {
      // What nobody asks to change keeps its value: an image's is its name, which AWS looks up again.
      ...Object.fromEntries((existing?.Parameters ?? []).map(({ ParameterKey }) => [ParameterKey!, undefined])),
      ...(existing ? wanted.parameters : deployment.parameters),
      WriteKeysParameter: keysName,
      // A down that was stopped half way has taken the servers out.
      Serving: 'yes',
      ReleaseBucket: bucket,
      ReleaseKey: release.name,
      // A lake that an earlier stack left, or that a rolled back one made and kept, is taken up.
      Lake: Lake ?? ((await bucketExists(clients.s3, lake, accountId)) ? 'use' : 'create'),
    };
    const known = Object.fromEntries(
      Object.entries(parameters).filter(([name]) => name in described.template.Parameters),
    );
    const prepared = await prepare(client, { stack: wanted.name, kind, templateUrl, parameters: known }, options);
    const isFirst = attempt === 1;
    if (kind === 'UPDATE') {
      if (prepared.changes.length === 0) {
        says.line('Nothing to change.');
        return finish(options, deployment, keys, false);
      }
      for (const change of prepared.changes) says.line(changeText(change));
      if (isFirst && !(await agreed(options, prepared, kind))) return undefined;
    }
    const outcome = await carryOut(options, prepared, Object.keys(described.template.Resources).length);
    if (outcome.state === 'ready') return finish(options, deployment, keys, true);
    const canRetry =
      attempt < mostAttempts &&
      outcome.failures.length > 0 &&
      outcome.failures.every(({ reason }) => isPassingReason(reason));
    if (!canRetry) throw failed(wanted.name, outcome);
    says.line('That passes by itself: trying again.');
    if (kind === 'CREATE') await deleteStack(client, prepared.stackId, says, options);
  }
}

async function agreed({ says, clients }: UpOptions, prepared: Prepared, kind: 'CREATE' | 'UPDATE'): Promise<boolean> {
  if (await says.confirm('Change it?')) return true;
  await discard(clients.cloudFormation, prepared, kind);
  return false;
}

async function carryOut(options: UpOptions, prepared: Prepared, resources: number): Promise<Outcome> {
  const client = options.clients.cloudFormation;
  const since = await newestEvent(client, prepared.stackId);
  await execute(client, prepared);
  return waitForStack(client, prepared.stackId, options.says, { ...options, since, resources });
}

/** The stack at rest: what an earlier run began is waited for, and what a creation left empty is removed. */
async function settled(options: UpOptions): Promise<Stack | undefined> {
  const { clients, wanted, says } = options;
  const client = clients.cloudFormation;
  const found = await findStack(client, wanted.name);
  const state = stateOf(found?.StackStatus);
  if (state === 'absent') return undefined;
  if (state === 'busy') {
    says.line(`${wanted.name} is ${found!.StackStatus}: waiting for what an earlier run began`);
    await waitForStack(client, found!.StackId!, says, {
      ...options,
      since: await newestEvent(client, found!.StackId!),
    });
    return settled(options);
  }
  if (state === 'empty' || state === 'reviewing') {
    says.line(`${wanted.name} is ${found!.StackStatus}, with nothing in it: removing it first`);
    await deleteStack(client, found!.StackId!, says, options);
    return undefined;
  }
  if (state === 'stuck') {
    throw new DeployError(
      `${wanted.name} is ${found!.StackStatus}: CloudFormation needs help (aws cloudformation continue-update-rollback --stack-name ${wanted.name}, or millrace down)`,
    );
  }
  return found;
}

async function templateOf({ clients, wanted }: UpOptions): Promise<unknown> {
  const { TemplateBody = '' } = await clients.cloudFormation.send(
    new GetTemplateCommand({ StackName: wanted.name, TemplateStage: 'Original' }),
  );
  return parse(TemplateBody);
}

async function accountOf({ sts }: DeployClients): Promise<string> {
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Account!;
  } catch (error) {
    throw new DeployError(`AWS does not know who asks (${(error as Error).message}). ${logIn}`);
  }
}

async function finish(
  options: UpOptions,
  deployment: Deployment,
  writeKeys: string[],
  changed: boolean,
): Promise<Deployed> {
  const { clients, wanted, says, signal } = options;
  const stack = await findStack(clients.cloudFormation, wanted.name);
  const outputs = Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue ?? '']),
  );
  const name = outputs.DeliveryStreamName ?? '';
  // Firehose reads from the moment it is ACTIVE on: nothing is sent before.
  await until(
    async () => {
      const found = await describeDeliveryStream(clients.firehose, name, signal);
      return found?.DeliveryStreamStatus === 'ACTIVE' ? found : undefined;
    },
    { what: `the delivery stream ${name} to be ACTIVE`, timeoutMs: options.activeTimeoutMs ?? 300_000, signal },
  ).catch((error: Error) => {
    throw signal?.aborted ? new StoppedError('stopped') : new DeployError(error.message);
  });
  says.line(`delivery stream ${name}: ACTIVE`);
  const deployed = { name: wanted.name, outputs, writeKeys, deployment, changed };
  await options.check?.(deployed);
  return deployed;
}

function failed(name: string, { status, failures, state }: Outcome): DeployError {
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
  return new DeployError(
    `${name} is ${status}. What failed:\n${lines.join('\n') || '  CloudFormation names nothing'}\n${left}`,
  );
}

import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import { describeDeliveryStream } from '../pipeline/describe-delivery-stream.js';
import type { AwsClients } from '../targets/aws-clients.js';
import { findStack } from './stack.js';

/** What is deployed under a name. */
export interface Status {
  name: string;
  /** `absent` when there is none. */
  stack: string;
  reason: string | undefined;
  deliveryStream: string;
  outputs: Record<string, string>;
  parameters: Record<string, string>;
  servers: string[];
  generatorHost: string | undefined;
}

/** What is deployed under a name, as AWS describes it. */
export async function statusOf(
  clients: Pick<AwsClients, 'cloudFormation' | 'firehose' | 'ssm'>,
  name: string,
): Promise<Status> {
  const stack = await findStack(clients.cloudFormation, name);
  const pairs = (list: { key: string | undefined; value: string | undefined }[]) =>
    Object.fromEntries(list.map(({ key, value }) => [key!, value ?? '']));
  const outputs = pairs(
    (stack?.Outputs ?? []).map(({ OutputKey, OutputValue }) => ({ key: OutputKey, value: OutputValue })),
  );
  const parameters = pairs(
    (stack?.Parameters ?? []).map(({ ParameterKey, ParameterValue }) => ({ key: ParameterKey, value: ParameterValue })),
  );
  const delivery = outputs.DeliveryStreamName
    ? await describeDeliveryStream(clients.firehose, outputs.DeliveryStreamName)
    : undefined;
  return {
    name,
    stack: stack?.StackStatus ?? 'absent',
    reason: stack?.StackStatusReason,
    deliveryStream: delivery?.DeliveryStreamStatus ?? 'absent',
    outputs,
    parameters,
    servers: stack ? await serversOf(clients, name, outputs.ServerId) : [],
    generatorHost: outputs.GeneratorHostId,
  };
}

/** The servers that Session Manager reaches. */
export async function serversOf(
  { ssm }: Pick<AwsClients, 'ssm'>,
  name: string,
  single: string | undefined,
): Promise<string[]> {
  if (single !== undefined) return [single];
  const { InstanceInformationList = [] } = await ssm.send(
    new DescribeInstanceInformationCommand({
      Filters: [{ Key: 'tag:aws:autoscaling:groupName', Values: [`${name}-ingest`] }],
    }),
  );
  return InstanceInformationList.filter(({ PingStatus }) => PingStatus === 'Online').map(
    ({ InstanceId }) => InstanceId!,
  );
}

/** For a person: a line a thing. */
export function statusText({ name, stack, reason, deliveryStream, outputs, servers, generatorHost }: Status): string {
  if (stack === 'absent') return `${name}: there is nothing of that name in this region.`;
  const rows: [string, string | undefined][] = [
    ['stack', reason ? `${stack}: ${reason}` : stack],
    ['collector', outputs.CollectorUrl],
    ['load balancer', outputs.LoadBalancerName],
    ['servers', servers.length === 0 ? 'none that Session Manager reaches' : servers.join(' ')],
    ['stream', outputs.StreamName],
    ['delivery stream', outputs.DeliveryStreamName && `${outputs.DeliveryStreamName}: ${deliveryStream}`],
    ['lake', outputs.LakeBucketName && `s3://${outputs.LakeBucketName}/`],
    ['Athena', outputs.WorkGroupName && `work group ${outputs.WorkGroupName}, database ${outputs.DatabaseName}`],
    ['generator host', generatorHost],
    ['dashboard', outputs.DashboardUrl],
  ];
  const known = rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
  return [name, ...known.map(([what, value]) => `  ${what.padEnd(16)} ${value}`)].join('\n');
}

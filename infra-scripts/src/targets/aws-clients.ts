import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { STSClient } from '@aws-sdk/client-sts';
import type { AwsClientConfig } from './aws-client-config.js';

/** The AWS SDK clients that commands use. */
export interface AwsClients {
  cloudFormation: CloudFormationClient;
  firehose: FirehoseClient;
  kinesis: KinesisClient;
  logs: CloudWatchLogsClient;
  s3: S3Client;
  ssm: SSMClient;
  sts: STSClient;
}

type Make<Client> = (config: AwsClientConfig) => Client;

const makers: { [Name in keyof AwsClients]: () => Promise<Make<AwsClients[Name]>> } = {
  cloudFormation: async () => {
    const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
    return (config) => new CloudFormationClient(config);
  },
  firehose: async () => {
    const { FirehoseClient } = await import('@aws-sdk/client-firehose');
    return (config) => new FirehoseClient(config);
  },
  kinesis: async () => {
    const { KinesisClient } = await import('@aws-sdk/client-kinesis');
    return (config) => new KinesisClient(config);
  },
  logs: async () => {
    const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
    return (config) => new CloudWatchLogsClient(config);
  },
  s3: async () => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    // Bucket names in the path: http://127.0.0.1:4566 has no names below it.
    return (config) => new S3Client({ ...config, ...(config.endpoint ? { forcePathStyle: true } : {}) });
  },
  ssm: async () => {
    const { SSMClient } = await import('@aws-sdk/client-ssm');
    return (config) => new SSMClient(config);
  },
  sts: async () => {
    const { STSClient } = await import('@aws-sdk/client-sts');
    return (config) => new STSClient(config);
  },
};

/** Loads the SDK's packages of the clients that are named, and no others; returns what makes these clients. */
export async function loadAwsClients<Name extends keyof AwsClients>(
  names: readonly Name[],
): Promise<Make<Pick<AwsClients, Name>>> {
  const loaded = await Promise.all(names.map(async (name) => [name, await makers[name]()] as const));
  return (config) =>
    Object.fromEntries(loaded.map(([name, make]) => [name, make(config)])) as unknown as Pick<AwsClients, Name>;
}

/** The clients that are named; `destroyClients` ends their connections. */
export async function awsClients<Name extends keyof AwsClients>(
  config: AwsClientConfig,
  names: readonly Name[],
): Promise<Pick<AwsClients, Name>> {
  return (await loadAwsClients(names))(config);
}

/** Ends the connections of the clients. */
export function destroyClients(clients: Partial<AwsClients>): void {
  for (const client of Object.values(clients)) client.destroy();
}

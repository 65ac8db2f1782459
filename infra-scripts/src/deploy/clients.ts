import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

export interface DeployClients {
  cloudFormation: CloudFormationClient;
  firehose: FirehoseClient;
  logs: CloudWatchLogsClient;
  s3: S3Client;
  ssm: SSMClient;
  sts: STSClient;
}

/** Control calls are few and throttled at a handful a second: the clients wait and repeat them themselves. */
const maxAttempts = 8;

export function deployClients(config: { region: string; endpoint?: string | undefined }): DeployClients {
  const { region, endpoint } = config;
  const common = { region, maxAttempts, ...(endpoint === undefined ? {} : { endpoint }) };
  return {
    cloudFormation: new CloudFormationClient(common),
    firehose: new FirehoseClient(common),
    logs: new CloudWatchLogsClient(common),
    s3: new S3Client({ ...common, ...(endpoint === undefined ? {} : { forcePathStyle: true }) }),
    ssm: new SSMClient(common),
    sts: new STSClient(common),
  };
}

export function destroyDeployClients(clients: DeployClients): void {
  for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
}

import { FirehoseClient } from '@aws-sdk/client-firehose';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import type { PipelineClients } from '../pipeline/create.js';
import type { AwsTarget } from './context.js';

/** The clients of the services that the pipeline is made of, on AWS or on the embedded AWS. */
export function pipelineClients(target: AwsTarget): PipelineClients {
  const { clientConfig } = target;
  return {
    kinesis: new KinesisClient(clientConfig),
    firehose: new FirehoseClient(clientConfig),
    // Bucket names in the path: http://127.0.0.1:4566 has no names below it.
    s3: new S3Client({ ...clientConfig, ...(clientConfig.endpoint ? { forcePathStyle: true } : {}) }),
  };
}

export function destroyClients(clients: PipelineClients): void {
  for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
}

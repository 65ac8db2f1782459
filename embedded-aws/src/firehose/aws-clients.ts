import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { keepAliveHandler } from '@millrace/kit/keep-alive';
import { localCredentials, localRegion } from '@millrace/kit/local-aws';
import type { DeliveryPorts, Shard } from './ports.js';

/**
 * Delivery's ports on another Kinesis and S3, through the real clients. Delivery retries by itself, so they try once.
 * @param endpoint where both are: `http://127.0.0.1:4566`
 */
export function createAwsClients(endpoint: string): DeliveryPorts {
  const shared = {
    endpoint,
    region: localRegion,
    credentials: localCredentials,
    maxAttempts: 1,
    requestHandler: keepAliveHandler({ maxSockets: 64, connectionTimeoutMs: 5_000 }),
  };
  const kinesis = new KinesisClient(shared);
  const s3 = new S3Client({ ...shared, forcePathStyle: true });

  return {
    source: (StreamName) => ({
      async shards(abortSignal) {
        const shards: Shard[] = [];
        let NextToken: string | undefined;
        do {
          // A token stands for the stream's name, and Kinesis refuses both together.
          const page = await kinesis.send(new ListShardsCommand(NextToken ? { NextToken } : { StreamName }), {
            abortSignal,
          });
          for (const { ShardId, ParentShardId, AdjacentParentShardId } of page.Shards ?? []) {
            shards.push({
              id: ShardId!,
              parents: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined),
            });
          }
          NextToken = page.NextToken;
        } while (NextToken);
        return shards;
      },
      async iterator(ShardId, after, abortSignal) {
        const { ShardIterator } = await kinesis.send(
          new GetShardIteratorCommand({
            StreamName,
            ShardId,
            ...(after === undefined
              ? { ShardIteratorType: 'TRIM_HORIZON' }
              : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after }),
          }),
          { abortSignal },
        );
        return ShardIterator!;
      },
      async read(ShardIterator, Limit, abortSignal) {
        const { Records, NextShardIterator, MillisBehindLatest } = await kinesis.send(
          new GetRecordsCommand({ ShardIterator, Limit }),
          {
            abortSignal,
          },
        );
        return {
          records: (Records ?? []).map(({ SequenceNumber, ApproximateArrivalTimestamp, Data, PartitionKey }) => ({
            partitionKey: PartitionKey!,
            sequenceNumber: SequenceNumber!,
            arrivalMs: ApproximateArrivalTimestamp!.getTime(),
            data: Buffer.from(Data!.buffer, Data!.byteOffset, Data!.byteLength),
          })),
          ...(NextShardIterator ? { next: NextShardIterator } : {}),
          ...(MillisBehindLatest === undefined ? {} : { behindMs: MillisBehindLatest }),
        };
      },
      async retentionMs(abortSignal) {
        const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }), {
          abortSignal,
        });
        return (StreamDescriptionSummary?.RetentionPeriodHours ?? 24) * 3_600_000;
      },
    }),
    sink: {
      async put({ bucket, key, body, contentEncoding }, abortSignal) {
        await s3.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: 'application/octet-stream',
            ...(contentEncoding ? { ContentEncoding: contentEncoding } : {}),
          }),
          { abortSignal },
        );
      },
    },
    close() {
      kinesis.destroy();
      s3.destroy();
    },
  };
}

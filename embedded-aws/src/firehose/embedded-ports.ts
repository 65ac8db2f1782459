import type { Kinesis } from '../kinesis/index.js';
import { S3Error } from '../s3/errors.js';
import type { S3 } from '../s3/index.js';
import type { DeliveryPorts, ObjectSink, Shard, StreamSource } from './ports.js';

/**
 * Delivery's ports on the Kinesis and the S3 of this process. They call the operations themselves, with their checks
 * and the limits of a shard, and leave out HTTP.
 */
export const embeddedPorts = (
  kinesis: Pick<Kinesis, 'call' | 'read' | 'changes' | 'changed'>,
  s3: Pick<S3, 'putObject'>,
): DeliveryPorts => ({
  source: (streamName) => embeddedSource(kinesis, streamName),
  sink: embeddedSink(s3),
  close: () => undefined,
});

interface ListedShard {
  ShardId: string;
  ParentShardId?: string;
  AdjacentParentShardId?: string;
}

function embeddedSource(
  { call, read: readRecords, changes, changed }: Pick<Kinesis, 'call' | 'read' | 'changes' | 'changed'>,
  StreamName: string,
): StreamSource {
  return {
    changes,
    changed,
    async shards() {
      const shards: Shard[] = [];
      let NextToken: string | undefined;
      do {
        // A token stands for the stream's name, and Kinesis refuses both together.
        const page = (await call('ListShards', NextToken ? { NextToken } : { StreamName })) as {
          Shards: ListedShard[];
          NextToken?: string;
        };
        for (const { ShardId, ParentShardId, AdjacentParentShardId } of page.Shards)
          shards.push({
            id: ShardId,
            parents: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined),
          });
        NextToken = page.NextToken;
      } while (NextToken);
      return shards;
    },
    async iterator(ShardId, after) {
      const { ShardIterator } = (await call('GetShardIterator', {
        StreamName,
        ShardId,
        ...(after === undefined
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after }),
      })) as { ShardIterator: string };
      return ShardIterator;
    },
    async read(iterator, limit) {
      const { records, sequenceNumber, next, behindMs } = await readRecords(iterator, limit);
      return {
        records: records.map((record) => ({
          partitionKey: record.key,
          sequenceNumber: sequenceNumber(record),
          arrivalMs: record.arrivalMs,
          data: record.data,
        })),
        ...(next === undefined ? {} : { next }),
        behindMs,
      };
    },
    async retentionMs() {
      const { StreamDescriptionSummary } = (await call('DescribeStreamSummary', { StreamName })) as {
        StreamDescriptionSummary: { RetentionPeriodHours: number };
      };
      return StreamDescriptionSummary.RetentionPeriodHours * 3_600_000;
    },
  };
}

const embeddedSink = (s3: Pick<S3, 'putObject'>): ObjectSink => ({
  async put(object, signal) {
    signal.throwIfAborted();
    try {
      await s3.putObject(object);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      // As an AWS client names it.
      throw Object.assign(new Error(error.message, { cause: error }), { name: error.code });
    }
  },
});

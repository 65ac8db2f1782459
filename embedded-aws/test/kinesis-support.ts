import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { kinesisClient } from '@millrace/testing/kinesis-client';
import { type Endpoint, startEndpoint } from '../src/endpoint.js';
import { type KinesisOptions, openKinesis } from '../src/kinesis/index.js';
import type { AwsService } from '../src/service.js';

const targets = { Kinesis: 'Kinesis_20131202', 'Data Firehose': 'Firehose_20150804', S3: undefined };

/** A service that answers each request with its own name; S3 accepts whatever names no other. */
export function echoService(name: keyof typeof targets, handle?: AwsService['handle']): AwsService {
  const target = targets[name];
  return {
    name,
    ...(target ? { target } : { accepts: () => true }),
    handle: handle ?? (async (_, response) => void response.end(name)),
    close: async () => {},
  };
}

export interface TestKinesis {
  folder: string;
  endpoint: Endpoint;
  client: KinesisClient;
  logged: string[];
  changes(): number;
  stop(): Promise<void>;
}

/** Kinesis at an endpoint of its own, on a free port and in a new folder unless one is given. */
export async function startKinesis(options: Partial<KinesisOptions> = {}): Promise<TestKinesis> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'kinesis-')));
  const logged: string[] = [];
  const log = (line: string) => void logged.push(line);
  const kinesis = await openKinesis({ log, ...options, folder });
  const endpoint = await startEndpoint({ port: 0, services: [kinesis, echoService('S3')], log });
  const client = kinesisClient(endpoint.url);
  return {
    folder,
    endpoint,
    client,
    logged,
    changes: kinesis.changes,
    async stop() {
      client.destroy();
      await endpoint.close();
      await kinesis.close();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface ReadRecord {
  shardId: string;
  sequenceNumber: string;
  partitionKey: string;
  data: string;
}

/** All records of a stream, shard by shard, from the trim horizon to where each shard ends or has nothing more. */
export async function readAll(client: KinesisClient, StreamName: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    const first = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    let ShardIterator = first.ShardIterator;
    while (ShardIterator) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator }));
      for (const { SequenceNumber, PartitionKey, Data } of page.Records!)
        records.push({
          shardId: ShardId!,
          sequenceNumber: SequenceNumber!,
          partitionKey: PartitionKey!,
          data: Buffer.from(Data!).toString(),
        });
      if (page.MillisBehindLatest === 0 && page.Records!.length === 0) break;
      ShardIterator = page.NextShardIterator;
    }
  }
  return records;
}

/** Limits that never bite, for tests about something else. */
export const noLimits = {
  shardRecordsPerSecond: 1e9,
  shardBytesPerSecond: 1e12,
  shardReadsPerSecond: 1e9,
  shardReadBytesPerSecond: 1e12,
};

import { getShardIterator } from '../src/kinesis/get-shard-iterator.js';
import { putRecords } from '../src/kinesis/put-records.js';
import { readShard } from '../src/kinesis/read-shard.js';
import { parseSequenceNumber } from '../src/kinesis/sequence-number.js';
import type { KinesisStore } from '../src/kinesis/store.js';
import { createStream } from '../src/kinesis/streams.js';

const noLimits = { takeWrite: () => true, takeRead: () => true, chargeRead: () => {}, forget: () => {} };

/** What the operations need, on a store without limits. */
const contextOf = (store: KinesisStore) => ({
  store,
  limits: noLimits,
  now: Date.now,
  arrivalsFrom: () => 0,
  onRefused: () => {},
});

/** Makes the stream `s`, if it is not there. */
export async function ensureStream(store: KinesisStore): Promise<void> {
  if ((await store.streams()).length === 0)
    await createStream(store, { StreamName: 's', ShardCount: 4 }, { onDemandShards: 4, nowMs: Date.now() });
}

/** Puts records with these names in one call. Resolves with their numbers once they are acknowledged. */
export async function put(store: KinesisStore, names: readonly string[]): Promise<number[]> {
  const Records = names.map((name) => ({
    PartitionKey: name,
    Data: Buffer.from(`${name} ${'x'.repeat(name.length * 5)}`).toString('base64'),
  }));
  const answer = (await putRecords(contextOf(store), { StreamName: 's', Records })) as {
    Records: { SequenceNumber: string }[];
  };
  return answer.Records.map(({ SequenceNumber }) => parseSequenceNumber(SequenceNumber)!.index);
}

/** The number of every record by its name, from every shard; how many records there are. */
export async function readStream(store: KinesisStore): Promise<{ numbers: Map<string, number>; records: number }> {
  const numbers = new Map<string, number>();
  let records = 0;
  const { Shards, spans } = await store.stream('s');
  for (const [index, { ShardId }] of Shards.entries()) {
    const begin = { StreamName: 's', ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    let { ShardIterator: next } = (await getShardIterator(contextOf(store), begin)) as { ShardIterator?: string };
    for (let isEnd = false; next !== undefined && !isEnd; ) {
      const read = await readShard(contextOf(store), next, 10_000);
      for (const { data, number } of read.records) numbers.set(data.toString().split(' ')[0]!, number);
      records += read.records.length;
      isEnd = read.behindMs === 0 && spans[index]!.to === undefined;
      next = read.next;
    }
  }
  return { numbers, records };
}

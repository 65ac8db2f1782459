import { setTimeout as pause } from 'node:timers/promises';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import type { Sink, TimeSpan } from '../core/delivery/sink.js';
import { toSinkError } from './aws-answer.js';

/**
 * A shard gives 2 MB and five answers a second, of which Firehose needs one.
 * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
const pauseMs = 250;
/** For how long to ask a throttled shard again. */
const patienceMs = 30_000;
/** Records have 25 KB as a rule, so an answer has some 5 MB. */
const recordsPerCall = 200;

/** Bounds the answers in memory to some 40 MB. */
const shardsAtOnce = 8;

/** One call to the client, within its time limit. */
export type Caller = <T>(call: (abortSignal: AbortSignal) => Promise<T>) => Promise<T>;

/** Reads what a stream got in a time span that is over, or nearly so, shard by shard. */
export function createStreamReader(client: KinesisClient, stream: string, within: Caller): Sink['read'] {
  /** Also shards that were split or merged since: they may have records of that time. */
  async function shardsSince(from: number): Promise<string[]> {
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const command = new ListShardsCommand(
        NextToken === undefined
          ? { StreamName: stream, ShardFilter: { Type: 'FROM_TIMESTAMP', Timestamp: new Date(from) } }
          : { NextToken },
      );
      const page = await within((abortSignal) => client.send(command, { abortSignal }));
      for (const { ShardId } of page.Shards ?? []) ids.push(ShardId!);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return ids;
  }

  type Visit = (data: Uint8Array) => void;

  async function readShard(shardId: string, { from, to }: TimeSpan, until: number, visit: Visit): Promise<void> {
    const first = new GetShardIteratorCommand({
      StreamName: stream,
      ShardId: shardId,
      ShardIteratorType: 'AT_TIMESTAMP',
      Timestamp: new Date(from),
    });
    let { ShardIterator: iterator } = await within((abortSignal) => client.send(first, { abortSignal }));
    while (iterator !== undefined) {
      const command = new GetRecordsCommand({ ShardIterator: iterator, Limit: recordsPerCall });
      const page = await readPage(command, until);
      if (page === undefined) continue;
      for (const { Data, ApproximateArrivalTimestamp } of page.Records ?? []) {
        if (ApproximateArrivalTimestamp!.getTime() > to) return;
        visit(Data!);
      }
      if (!page.MillisBehindLatest) return;
      iterator = page.NextShardIterator;
      await pause(pauseMs);
    }
  }

  /** Undefined while the shard is throttled: others read it too. */
  async function readPage(command: GetRecordsCommand, until: number) {
    try {
      return await within((abortSignal) => client.send(command, { abortSignal }));
    } catch (error) {
      if (toSinkError(error).kind !== 'throttled' || performance.now() > until) throw error;
      await pause(pauseMs * 4);
      return undefined;
    }
  }

  return async (span, visit) => {
    const until = performance.now() + patienceMs;
    const shards = await shardsSince(span.from);
    const readOneByOne = async () => {
      for (let id = shards.shift(); id !== undefined; id = shards.shift()) await readShard(id, span, until, visit);
    };
    await Promise.all(Array.from({ length: shardsAtOnce }, readOneByOne));
  };
}

import type { Clock } from '@millrace/kit/clock';
import type { Random } from '@millrace/kit/seeded-random';
import { evenRanges, middleOf } from '../core/delivery/hash-ranges.js';
import { type PackedRecord, type Sink, SinkError } from '../core/delivery/sink.js';
import { createShard, type Shard } from './shard.js';

/** The stream's shards, and who learns what it takes. */
export interface SimulatedStreamOptions {
  clock: Clock;
  random: Random;
  shards: number;
  /** See `createShard`. */
  depthSeconds: number;
  shardShare: number;
  /** The share of calls whose records are taken and whose answer is lost. */
  lostAnswers: number;
  taken(record: PackedRecord): void;
  refused(record: PackedRecord): void;
}

/** A stream in virtual time. */
export interface SimulatedStream {
  readonly shards: readonly Shard[];
  /** A server's way to it. */
  readonly sink: Sink;
  /** From now on no call succeeds, or calls succeed again. Of calls under way at the start half are taken. */
  setOut(isOut: boolean): void;
}

/** A call takes at least this long, and in the mean as much longer. */
const callMs = 8;

const refusal = { code: 'ProvisionedThroughputExceededException', message: 'the simulated shard takes no more' };
const noAnswer = () => new SinkError('unreachable', 'ECONNRESET', 'the simulated stream does not answer');

/** A stream of equal shards that are empty. */
export function createSimulatedStream(options: SimulatedStreamOptions): SimulatedStream {
  const { clock, random, depthSeconds, shardShare, lostAnswers, taken, refused } = options;
  const ranges = evenRanges(options.shards);
  const shards = ranges.map(() => createShard(depthSeconds, shardShare));
  const shardOf = new Map(ranges.map((range, index) => [middleOf(range), index]));
  let isOut = false;

  function shardFor(hashKey: string): Shard {
    let index = shardOf.get(hashKey);
    if (index === undefined) {
      const key = BigInt(hashKey);
      index = ranges.findIndex(({ end }) => key <= end);
      shardOf.set(hashKey, index);
    }
    return shards[index]!;
  }

  function takeRecord(record: PackedRecord) {
    const isTaken = shardFor(record.hashKey).take(record.bytes + record.partitionKey.length, clock.monotonicMs());
    if (isTaken) taken(record);
    else refused(record);
    return isTaken ? undefined : refusal;
  }

  const sink: Sink = {
    put: (records) =>
      new Promise((resolve, reject) => {
        const wasOut = isOut;
        clock.after(callMs - callMs * Math.log(1 - random.unit()), () => {
          // The shards decide when the answer comes, so a record enters the stream no later than its lane learns it.
          if (isOut && (wasOut || random.chance(0.5))) return reject(noAnswer());
          const outcomes = records.map(takeRecord);
          if (isOut || (lostAnswers > 0 && random.chance(lostAnswers))) reject(noAnswer());
          else resolve(outcomes);
        });
      }),
    ranges: async () => ranges,
    read: () => Promise.reject(new SinkError('misconfigured', 'NotSimulated', 'a simulated stream cannot be read')),
    close() {},
  };
  return {
    shards,
    sink,
    setOut(next) {
      isOut = next;
    },
  };
}

import type { Shard } from './shard.js';

/** How unequal the shards' loads are. */
export interface ShardMeter {
  /** Another second is over. */
  second(): void;
  /** The busiest shard over the mean one: in 99 of 100 seconds no more than this, and in the worst minute. */
  busiest(): { second: number; minute: number };
  clear(): void;
}

const busiestOf = (loads: Float64Array) => {
  let [most, sum] = [0, 0];
  for (const load of loads) {
    most = Math.max(most, load);
    sum += load;
  }
  return sum === 0 ? 0 : most / (sum / loads.length);
};

/** Looks at what these shards take. A run of less than a minute counts as one. */
export function createShardMeter(shards: readonly Shard[]): ShardMeter {
  const before = new Float64Array(shards.length);
  const inSecond = new Float64Array(shards.length);
  const inMinute = new Float64Array(shards.length);
  let seconds: number[] = [];
  let minutes: number[] = [];

  return {
    second() {
      shards.forEach(({ bytesTaken }, index) => {
        inSecond[index] = bytesTaken - before[index]!;
        inMinute[index]! += inSecond[index]!;
        before[index] = bytesTaken;
      });
      seconds.push(busiestOf(inSecond));
      if (seconds.length % 60 > 0) return;
      minutes.push(busiestOf(inMinute));
      inMinute.fill(0);
    },
    busiest() {
      const sorted = [...seconds].sort((a, b) => a - b);
      return {
        second: sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))] ?? 0,
        minute: minutes.length === 0 ? busiestOf(inMinute) : Math.max(...minutes),
      };
    },
    clear() {
      shards.forEach(({ bytesTaken }, index) => {
        before[index] = bytesTaken;
      });
      inMinute.fill(0);
      seconds = [];
      minutes = [];
    },
  };
}

import { backoffMs } from '@millrace/kit/backoff';
import { type HashRange, middleOf } from './hash-ranges.js';
import { createLaneCount } from './lane-count.js';
import { retries } from './retries.js';
import type { FailureKind } from './sink.js';

/**
 * How a server spreads its records over the stream's shards. `visitor`: all records with a visitor's events go to one
 * shard. `even`: each record goes to another shard, so that few lanes, and full records, serve any number of shards.
 */
export type SpreadName = 'visitor' | 'even';

/** What differs between the ways to spread: how many lanes there are, and to which shard a record goes. */
export interface Spread {
  /**
   * Whether a lane's records must all go to one shard, so that its reader sees a visitor's events in order. Then
   * nothing is put while the shards are a guess, or records are under way to shards that are no longer the lane's.
   */
  readonly keepsToShards: boolean;
  /** The stream's open shards from now on. */
  follow(shards: readonly HashRange[]): void;
  /** How many lanes there should be now, if there are so many; 0 for none yet. */
  lanes(present: number): number;
  /** The explicit hash key of a lane's next record. */
  keyOf(lane: number): string;
  /** Notes what the server takes in. */
  took(bytes: number, now: number): void;
  /** How long a lane waits after so many failures in a row. */
  waitMs(kind: FailureKind, failures: number): number;
}

/** The way of this name. */
export const createSpread = (name: SpreadName, random: () => number = Math.random): Spread =>
  (name === 'even' ? createEvenSpread : createVisitorSpread)(random);

/** A lane for each shard. */
export function createVisitorSpread(random: () => number): Spread {
  let keys: readonly string[] = [];
  return {
    keepsToShards: true,
    follow(shards) {
      keys = shards.map(middleOf);
    },
    lanes: () => keys.length,
    keyOf: (lane) => keys[lane]!,
    took() {},
    waitMs: (kind, failures) => backoffMs(failures, retries[kind], random),
  };
}

/** How many shards may refuse a record, one after another, before it waits as if the whole stream were too slow. */
const shardsToTry = 4;
const nextShardMs = 20;

/**
 * As many lanes as the server's rate fills, and each record takes the next shard of a shuffle of all shards: a server's
 * records are spread evenly over a short time, and servers do not go round in step.
 */
function createEvenSpread(random: () => number): Spread {
  const laneCount = createLaneCount();
  let keys: readonly string[] = [];
  let turn = 0;
  return {
    keepsToShards: false,
    follow(shards) {
      keys = shuffled(shards.map(middleOf), random);
    },
    lanes: laneCount.wanted,
    keyOf() {
      turn = (turn + 1) % keys.length;
      return keys[turn]!;
    },
    took: laneCount.took,
    waitMs: (kind, failures) =>
      kind === 'throttled' && failures <= shardsToTry
        ? random() * nextShardMs
        : backoffMs(kind === 'throttled' ? failures - shardsToTry : failures, retries[kind], random),
  };
}

/** By Fisher and Yates. */
function shuffled<Item>(items: Item[], random: () => number): Item[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}

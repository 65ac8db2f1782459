import type { Position } from '../read/position.js';

type StoredAhead = NonNullable<Position['ahead']>;

/**
 * For each shard and target, the last record that lies in S3 although an earlier one of the shard does not. A target's
 * objects are made one after the other, so all its records up to that one are there.
 */
export interface Ahead {
  restore(shardId: string, stored: StoredAhead): void;
  add(shardId: string, key: string, sequenceNumber: string): void;
  has(shardId: string, key: string, sequenceNumber: string): boolean;
  /** Remembers nothing of this target any more. */
  forget(key: string): void;
  /** What lies in S3 beyond a safe position. Drops the rest. */
  beyond(shardId: string, safe: Position): StoredAhead | undefined;
}

/** @param version nothing is remembered without one, and nothing of another is restored */
export function createAhead(version: number | string | undefined): Ahead {
  const shards = new Map<string, Map<string, string>>();
  const forgotten = new Set<string>();

  return {
    restore(shardId, stored) {
      if (stored.version === version) shards.set(shardId, new Map(stored.delivered));
    },
    add(shardId, key, sequenceNumber) {
      if (version === undefined || forgotten.has(key)) return;
      let targets = shards.get(shardId);
      if (!targets) {
        targets = new Map();
        shards.set(shardId, targets);
      }
      const before = targets.get(key);
      if (before === undefined || isAfter(sequenceNumber, before)) targets.set(key, sequenceNumber);
    },
    has(shardId, key, sequenceNumber) {
      const delivered = shards.get(shardId)?.get(key);
      return delivered !== undefined && !isAfter(sequenceNumber, delivered);
    },
    forget(key) {
      forgotten.add(key);
    },
    beyond(shardId, safe) {
      const targets = shards.get(shardId);
      if (!targets || version === undefined) return undefined;
      if (safe.finished) targets.clear();
      if (safe.sequenceNumber !== undefined)
        for (const [key, sequenceNumber] of targets)
          if (!isAfter(sequenceNumber, safe.sequenceNumber)) targets.delete(key);
      return targets.size === 0 ? undefined : { version, delivered: [...targets] };
    },
  };
}

/** Sequence numbers are whole numbers without leading zeros, or all of one length. */
const isAfter = (a: string, b: string) => (a.length === b.length ? a > b : a.length > b.length);

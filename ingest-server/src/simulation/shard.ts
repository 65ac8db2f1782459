/** What a shard takes in a second. https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const limits = { bytes: 1_000_000, records: 1_000 } as const;

/** A shard with its two limits, each a bucket that fills evenly. */
export interface Shard {
  /** Takes a record of so many bytes, its partition key included; false: it is too much now. */
  take(bytes: number, nowMs: number): boolean;
  /** Refills with this share of its limits a second from now on; 1 for all. */
  slowTo(share: number): void;
  /** Bytes that it has taken. */
  readonly bytesTaken: number;
}

/**
 * `depthSeconds`: for how long an idle shard saves its limits up. AWS does not say; a second is likely. `part`: the
 * share of its limits that is there at all; the rest is others'.
 */
export function createShard(depthSeconds: number, part = 1): Shard {
  const perSecond = { bytes: limits.bytes * part, records: limits.records * part };
  const deepest = { bytes: perSecond.bytes * depthSeconds, records: perSecond.records * depthSeconds };
  let share = 1;
  let at = 0;
  let bytesLeft = deepest.bytes;
  let recordsLeft = deepest.records;
  let bytesTaken = 0;
  return {
    take(bytes, nowMs) {
      const refill = ((nowMs - at) / 1_000) * share;
      at = nowMs;
      bytesLeft = Math.min(deepest.bytes, bytesLeft + refill * perSecond.bytes);
      recordsLeft = Math.min(deepest.records, recordsLeft + refill * perSecond.records);
      // A record above the whole bucket passes when the bucket is full, and leaves a debt.
      if (bytesLeft < Math.min(bytes, deepest.bytes) || recordsLeft < 1) return false;
      bytesLeft -= bytes;
      recordsLeft -= 1;
      bytesTaken += bytes;
      return true;
    },
    slowTo(next) {
      share = next;
    },
    get bytesTaken() {
      return bytesTaken;
    },
  };
}

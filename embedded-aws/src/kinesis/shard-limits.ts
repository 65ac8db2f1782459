/**
 * What a shard takes and gives in a second: 1,000 records and 1 MiB in; 5 GetRecords
 * calls and 2 MiB out (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html). Each is an
 * allowance that holds at most one second's worth and refills steadily: a burst passes as far as one second allows, and
 * over time the rate is exact.
 */
export interface ShardLimitSettings {
  recordsPerSecond: number;
  bytesPerSecond: number;
  readsPerSecond: number;
  readBytesPerSecond: number;
}

/** The allowances of all shards. */
export interface ShardLimits {
  /**
   * Charges one record of `bytes` (data and partition key) to the shard, or charges nothing and returns false.
   */
  takeWrite(stream: string, shardId: string, bytes: number): boolean;
  /** Charges one GetRecords call, or returns false. `chargeRead` then charges what the call returns. */
  takeRead(stream: string, shardId: string): boolean;
  /**
   * Bytes that a call has returned. They may exceed a second's worth: later calls wait until that is made up for, as on
   * AWS.
   */
  chargeRead(stream: string, shardId: string, bytes: number): void;
  /** Forgets a deleted stream's shards. */
  forget(stream: string): void;
}

interface Allowance {
  left: number;
  readonly perSecond: number;
}

interface Shard {
  refilledAt: number;
  writes: Allowance;
  writeBytes: Allowance;
  reads: Allowance;
  readBytes: Allowance;
}

/** `now`: milliseconds since 1970. */
export function createShardLimits(settings: ShardLimitSettings, now: () => number): ShardLimits {
  const streams = new Map<string, Map<string, Shard>>();

  const full = (perSecond: number): Allowance => ({ left: perSecond, perSecond });

  function shardOf(stream: string, shardId: string): Shard {
    let shards = streams.get(stream);
    if (!shards) {
      shards = new Map();
      streams.set(stream, shards);
    }
    const at = now();
    let shard = shards.get(shardId);
    if (!shard) {
      shard = {
        refilledAt: at,
        writes: full(settings.recordsPerSecond),
        writeBytes: full(settings.bytesPerSecond),
        reads: full(settings.readsPerSecond),
        readBytes: full(settings.readBytesPerSecond),
      };
      shards.set(shardId, shard);
    }
    // A clock that was set back refills nothing; it must not take anything away either.
    const seconds = Math.max(0, at - shard.refilledAt) / 1000;
    shard.refilledAt = at;
    for (const allowance of [shard.writes, shard.writeBytes, shard.reads, shard.readBytes])
      allowance.left = Math.min(allowance.perSecond, allowance.left + allowance.perSecond * seconds);
    return shard;
  }

  return {
    takeWrite(stream, shardId, bytes) {
      const { writes, writeBytes } = shardOf(stream, shardId);
      // Where the limit is set below the size of one record, that record still passes once a second's allowance is
      // whole.
      if (writes.left < 1 || writeBytes.left < Math.min(bytes, writeBytes.perSecond)) return false;
      writes.left -= 1;
      writeBytes.left -= bytes;
      return true;
    },
    takeRead(stream, shardId) {
      const { reads, readBytes } = shardOf(stream, shardId);
      if (reads.left < 1 || readBytes.left <= 0) return false;
      reads.left -= 1;
      return true;
    },
    chargeRead(stream, shardId, bytes) {
      shardOf(stream, shardId).readBytes.left -= bytes;
    },
    forget(stream) {
      streams.delete(stream);
    },
  };
}

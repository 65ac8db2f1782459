import { formatSequenceNumber } from './sequence-number.js';
import { isOpen, lifeOf } from './shard-map.js';
import type { StoredShard, StoredStream } from './store.js';

const hashKeys = 1n << 128n;
/** What closes a shard is above all numbers of its records. */
const closingIndex = 2 ** 63;

/**
 * Makes the stream's open shards `target` equal ones, as AWS does: by splits where a new shard begins, then by merges
 * where none does. So shards come and go on the way that never hold a record, and each has the parents that a split or
 * a merge gives it. No I/O.
 */
export function scaleUniformly(stream: StoredStream, target: number, nowMs: number): void {
  const { Shards: shards } = stream;
  // As kinesalite does for a split: a new shard's numbers begin in the second after, above all that were given out
  // before.
  const createdSeconds = Math.floor(nowMs / 1000) + 1;

  const open = () =>
    shards
      .filter(isOpen)
      .map((shard) => ({
        shard,
        start: BigInt(shard.HashKeyRange.StartingHashKey),
        end: BigInt(shard.HashKeyRange.EndingHashKey),
      }))
      .sort((a, b) => (a.start < b.start ? -1 : 1));

  function close(shard: StoredShard): void {
    const life = lifeOf(shard);
    shard.SequenceNumberRange.EndingSequenceNumber = formatSequenceNumber({
      shardCreatedSeconds: life.createdSeconds,
      shardIndex: shards.indexOf(shard),
      index: closingIndex,
      writtenSeconds: Math.max(life.createdSeconds, Math.floor(nowMs / 1000)),
    });
  }

  function add(start: bigint, end: bigint, parent: StoredShard, adjacent?: StoredShard): void {
    const shardIndex = shards.length;
    shards.push({
      ShardId: `shardId-${String(shardIndex).padStart(12, '0')}`,
      ParentShardId: parent.ShardId,
      ...(adjacent ? { AdjacentParentShardId: adjacent.ShardId } : {}),
      HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
      SequenceNumberRange: {
        StartingSequenceNumber: formatSequenceNumber({
          shardCreatedSeconds: createdSeconds,
          shardIndex,
          index: 0,
          writtenSeconds: createdSeconds,
        }),
      },
    });
  }

  const wanted = startsOf(
    target,
    open().map(({ start }) => start),
  );
  for (const at of wanted) {
    const holder = open().find(({ start, end }) => start < at && at <= end);
    if (!holder) continue;
    close(holder.shard);
    add(holder.start, at - 1n, holder.shard);
    add(at, holder.end, holder.shard);
  }
  for (;;) {
    const now = open();
    const index = now.findIndex(({ start }) => !wanted.has(start));
    if (index === -1) return;
    const [left, right] = [now[index - 1]!, now[index]!];
    close(left.shard);
    close(right.shard);
    add(left.start, right.end, left.shard, right.shard);
  }
}

/** Where equal shards begin. A border that is there already, but for the rounding of its division, stays. */
function startsOf(target: number, borders: readonly bigint[]): Set<bigint> {
  const rounding = BigInt(target + borders.length);
  return new Set(
    Array.from({ length: target }, (_, index) => {
      const exact = (hashKeys * BigInt(index)) / BigInt(target);
      return borders.find((border) => border - exact <= rounding && exact - border <= rounding) ?? exact;
    }),
  );
}

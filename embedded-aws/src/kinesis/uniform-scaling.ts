import { addShard, closeShard, nextSecond } from './shard-changes.js';
import { isOpen } from './shard-map.js';
import type { StoredStream } from './stored-stream.js';

const hashKeys = 1n << 128n;

/**
 * Makes the stream's open shards `target` equal ones, as AWS does: by splits where a new shard begins, then by merges
 * where none does. So shards come and go on the way that never hold a record, and each has the parents that a split or
 * a merge gives it. No I/O.
 */
export function scaleUniformly(stream: StoredStream, target: number, nowMs: number): void {
  const { Shards: shards } = stream;
  const createdSeconds = nextSecond(nowMs);

  const open = () =>
    shards
      .filter(isOpen)
      .map((shard) => ({
        shard,
        start: BigInt(shard.HashKeyRange.StartingHashKey),
        end: BigInt(shard.HashKeyRange.EndingHashKey),
      }))
      .sort((a, b) => (a.start < b.start ? -1 : 1));

  const wanted = startsOf(
    target,
    open().map(({ start }) => start),
  );
  for (const at of wanted) {
    const holder = open().find(({ start, end }) => start < at && at <= end);
    if (!holder) continue;
    closeShard(stream, holder.shard, nowMs);
    addShard(stream, { start: holder.start, end: at - 1n, parent: holder.shard }, createdSeconds);
    addShard(stream, { start: at, end: holder.end, parent: holder.shard }, createdSeconds);
  }
  for (;;) {
    const now = open();
    const index = now.findIndex(({ start }) => !wanted.has(start));
    if (index === -1) return;
    const [left, right] = [now[index - 1]!, now[index]!];
    closeShard(stream, left.shard, nowMs);
    closeShard(stream, right.shard, nowMs);
    addShard(stream, { start: left.start, end: right.end, parent: left.shard, adjacent: right.shard }, createdSeconds);
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

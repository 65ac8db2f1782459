/** A shard's part of the 128-bit space of hash keys, both ends included. */
export interface HashRange {
  start: bigint;
  end: bigint;
}

const space = 1n << 128n;

/** `count` equal ranges, as a new stream has them: for lanes whose shards are not known yet. */
export function evenRanges(count: number): HashRange[] {
  const size = space / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    start: size * BigInt(i),
    end: i === count - 1 ? space - 1n : size * BigInt(i + 1) - 1n,
  }));
}

/** The explicit hash key, in decimal, in the middle of a range: it stays there if a neighbour grows. */
export function middleOf({ start, end }: HashRange): string {
  return ((start + end) / 2n).toString();
}

/** Whether two lists have the same ranges in the same order. */
export function sameRanges(a: readonly HashRange[], b: readonly HashRange[]): boolean {
  return a.length === b.length && a.every((range, i) => range.start === b[i]!.start && range.end === b[i]!.end);
}

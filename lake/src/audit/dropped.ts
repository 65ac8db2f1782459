/** Why a tracker dropped something, as it counts that in the property `tracker_dropped`; the last is any other. */
export const dropReasons = ['full', 'old', 'refused', 'too_large', 'invalid', 'field', 'early', 'other'] as const;

/** What one event says its tracker dropped so far: reasons by their place in `dropReasons`. */
export type Dropped = [reason: number, count: number][];

/** Reads `properties`; empty without counts. */
export function readDropped(properties: unknown): Dropped {
  const counts = isObject(properties) ? properties.tracker_dropped : undefined;
  if (!isObject(counts)) return [];
  const found = new Map<number, number>();
  for (const [name, count] of Object.entries(counts)) {
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count <= 0) continue;
    const at = dropReasons.indexOf(name as (typeof dropReasons)[number]);
    const reason = at < 0 ? dropReasons.length - 1 : at;
    found.set(reason, (found.get(reason) ?? 0) + count);
  }
  return [...found];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The most that one event can add for a reason: more is no count of a tracker. */
const mostAdded = 10_000;

/** A count that an event bore. */
export interface DroppedCount {
  time: number;
  reason: number;
  count: number;
  /** Its event is among those that are audited. */
  isChosen: boolean;
}

/**
 * What a visitor's tracker dropped, by reason. It tells totals: each event counts what it adds. A smaller total is a
 * new count, of a browser whose storage was emptied.
 */
export function sumDropped(counts: readonly DroppedCount[], sums: number[]): void {
  const before = new Map<number, number>();
  for (const { reason, count, isChosen } of [...counts].sort((a, b) => a.time - b.time || a.count - b.count)) {
    const last = before.get(reason) ?? 0;
    const added = count >= last ? count - last : count;
    before.set(reason, count);
    if (isChosen && added <= mostAdded) sums[reason]! += added;
  }
}

import { identityText, type MillraceEvent } from '@millrace/sdk/schema';
import type { Left, Repaired } from './repair.js';

/** What a redrive would do, before it does anything. */
export interface Choice {
  /** Sent again, each once. */
  events: MillraceEvent[];
  /** Rows of the lake already. */
  delivered: number;
  /** Sent again and acknowledged by an earlier redrive, and not in the lake yet. */
  underWay: number;
  /** The same event again in what was read. */
  repeated: number;
  /** What cannot go in as it is, by reason, the most frequent first. */
  still: { reason: string; count: number; example: string }[];
}

/** What was read, and what of it can go in again. */
export interface Found {
  left: Left;
  repaired: readonly Repaired[];
}

/**
 * Sorts what was read. Pure: who is in the lake or under way is asked through the two functions.
 * They get the `identityText` of an event.
 * @param isDelivered whether the lake has that event
 * @param isUnderWay whether an earlier redrive had it acknowledged
 */
export function choose(
  found: readonly Found[],
  isDelivered: (identity: string) => boolean,
  isUnderWay: (identity: string) => boolean,
): Choice {
  const choice: Choice = { events: [], delivered: 0, underWay: 0, repeated: 0, still: [] };
  const seen = new Set<string>();
  const reasons = new Map<string, { reason: string; count: number; example: string }>();
  for (const { left, repaired } of found) {
    for (const result of repaired) {
      if ('reason' in result) {
        const known = reasons.get(result.reason);
        if (known) known.count += 1;
        else reasons.set(result.reason, { reason: result.reason, count: 1, example: left.object });
        continue;
      }
      const identity = identityText(result.event);
      if (seen.has(identity)) choice.repeated += 1;
      else if (isDelivered(identity)) choice.delivered += 1;
      else if (isUnderWay(identity)) choice.underWay += 1;
      else choice.events.push(result.event);
      seen.add(identity);
    }
  }
  choice.still = [...reasons.values()].sort((a, b) => b.count - a.count);
  return choice;
}

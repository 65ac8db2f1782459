import type { MillraceEvent } from '@millrace/sdk/schema';
import type { Left, Repaired } from './repair.js';

/** What a redrive would do, before it does anything. */
export interface Choice {
  /** Sent again, each event_id once. */
  events: MillraceEvent[];
  /** Rows of the lake already. */
  delivered: number;
  /** Sent again and acknowledged by an earlier redrive, and not in the lake yet. */
  underWay: number;
  /** The same event_id again in what was read. */
  repeated: number;
  /** What cannot go in as it is, by reason, the most frequent first. */
  still: { reason: string; count: number; example: string }[];
}

/**
 * Sorts what was read. Pure: who is in the lake or under way is asked through the two functions.
 * @param isDelivered whether the lake has an event of that id
 * @param isUnderWay whether an earlier redrive had it acknowledged
 */
export function choose(
  left: readonly Left[],
  repair: (one: Left) => Repaired[],
  isDelivered: (eventId: string) => boolean,
  isUnderWay: (eventId: string) => boolean,
): Choice {
  const choice: Choice = { events: [], delivered: 0, underWay: 0, repeated: 0, still: [] };
  const seen = new Set<string>();
  const reasons = new Map<string, { reason: string; count: number; example: string }>();
  for (const one of left) {
    for (const result of repair(one)) {
      if ('reason' in result) {
        const known = reasons.get(result.reason);
        if (known) known.count += 1;
        else reasons.set(result.reason, { reason: result.reason, count: 1, example: one.object });
        continue;
      }
      const { event_id: id } = result.event;
      if (seen.has(id)) choice.repeated += 1;
      else if (isDelivered(id)) choice.delivered += 1;
      else if (isUnderWay(id)) choice.underWay += 1;
      else choice.events.push(result.event);
      seen.add(id);
    }
  }
  choice.still = [...reasons.values()].sort((a, b) => b.count - a.count);
  return choice;
}

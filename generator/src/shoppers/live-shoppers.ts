import type { MillraceEvent } from '@millrace/sdk/schema';
import { shoppers } from './shoppers.js';

/** Synthetic shoppers as they happen: this machine's clock stamps their events. */
export function liveShoppers(options: { seed?: string | undefined; sessions: number }): Iterable<MillraceEvent> {
  return shoppers({ ...options, now: Date.now });
}

/** How many visits at a time give this rate: people click every six seconds or so. */
export function sessionsFor(eventsPerSecond: number): number {
  return Math.min(5_000, Math.max(5, Math.round(eventsPerSecond * 6)));
}

/** The first `count` items of a source. */
export function* take<T>(source: Iterable<T>, count: number): Generator<T> {
  if (count <= 0) return;
  let taken = 0;
  for (const item of source) {
    yield item;
    if (++taken >= count) return;
  }
}

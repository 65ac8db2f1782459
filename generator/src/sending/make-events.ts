import { systemClock } from '@millrace/kit/clock';
import type { MillraceEvent } from '@millrace/sdk/schema';

/** Takes the events that a maker makes. */
export interface Outlet {
  /** `dueMs`: when the event was due, on the clock of `performance.now()`; now. */
  offer(event: MillraceEvent, dueMs?: number): void;
  /** Whether as many events wait for an answer as may. */
  isFull(): boolean;
  /** Waits until it is not full, or until nothing more is wanted. */
  room(): Promise<void>;
  /** Aborted when nothing more is wanted. */
  readonly ended: AbortSignal;
}

/** How often the schedule looks at the clock. */
const tickMs = 5;

/** Makes events as fast as the outlet takes them. */
export async function makeAsTaken(
  source: Iterable<MillraceEvent> | AsyncIterable<MillraceEvent>,
  outlet: Outlet,
): Promise<void> {
  let made = 0;
  for await (const event of source) {
    outlet.offer(event);
    made += 1;
    // A source that never waits would keep the requests from starting.
    if (made % 256 === 0) await new Promise(setImmediate);
    if (outlet.isFull()) await outlet.room();
    if (outlet.ended.aborted) break;
  }
}

/**
 * Makes `perMs` events a millisecond, however slowly the target answers. While the outlet is full the schedule waits;
 * `onHeldBack` gets the milliseconds of each such wait.
 */
export async function makeOnSchedule(
  source: Iterator<MillraceEvent>,
  perMs: number,
  outlet: Outlet,
  onHeldBack: (ms: number) => void,
): Promise<void> {
  // The first may take long, as all shoppers enter; the schedule begins after it.
  let next = source.next();
  let scheduleMs = performance.now();
  if (next.done) return;
  for (let due = 0; !outlet.ended.aborted; ) {
    const nowMs = performance.now();
    for (; scheduleMs + due / perMs <= nowMs && !outlet.isFull(); due++) {
      // Its age counts from when it was due, so that a late maker hides no latency.
      outlet.offer(next.value, scheduleMs + due / perMs);
      next = source.next();
      if (next.done) return;
    }
    if (outlet.isFull()) {
      await outlet.room();
      const waitedMs = performance.now() - nowMs;
      scheduleMs += waitedMs;
      onHeldBack(waitedMs);
    } else {
      const dueInMs = scheduleMs + due / perMs - performance.now();
      await systemClock.sleep(Math.max(tickMs, dueInMs), outlet.ended);
    }
  }
}

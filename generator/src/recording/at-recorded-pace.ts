import { systemClock } from '@millrace/kit/clock';
import type { MillraceEvent } from '@millrace/sdk/schema';

/**
 * Gives recorded events in their order, with the gaps between their times divided by `speed`; `max`: without waiting.
 * An event with a time before the first one's, or before an event that has already gone, follows at once. `onLongWait`
 * hears of waits over a minute.
 */
export async function* atRecordedPace(
  events: AsyncIterable<MillraceEvent> | Iterable<MillraceEvent>,
  speed: number | 'max',
  ended: AbortSignal,
  onLongWait: (ms: number) => void = () => {},
): AsyncGenerator<MillraceEvent> {
  let begin: { recordedMs: number; nowMs: number } | undefined;
  for await (const event of events) {
    if (speed !== 'max') {
      const recordedMs = Date.parse(event.event_time);
      begin ??= { recordedMs, nowMs: performance.now() };
      const waitMs = begin.nowMs + (recordedMs - begin.recordedMs) / speed - performance.now();
      if (waitMs > 60_000) onLongWait(waitMs);
      await systemClock.sleep(waitMs, ended);
    }
    if (ended.aborted) return;
    yield event;
  }
}

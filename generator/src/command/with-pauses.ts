import { systemClock } from '@millrace/kit/clock';
import type { MillraceEvent } from '@millrace/sdk/schema';

/**
 * Pauses after each event for 0 to `maxSeconds` whole seconds, as the walkthrough's generator does. `integer` draws the
 * number.
 */
export async function* withPauses(
  events: Iterable<MillraceEvent>,
  maxSeconds: number,
  integer: (min: number, max: number) => number,
  ended: AbortSignal,
): AsyncGenerator<MillraceEvent> {
  for (const event of events) {
    yield event;
    await systemClock.sleep(integer(0, maxSeconds) * 1000, ended);
    if (ended.aborted) return;
  }
}

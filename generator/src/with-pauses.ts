import type { MillraceEvent } from '@millrace/sdk/schema';
import { sleep } from './sleep.js';

/** After each event a pause of 0 to `maxSeconds` whole seconds, as the walkthrough's generator makes them; 0 makes none. */
export async function* withPauses(
  events: Iterable<MillraceEvent>,
  maxSeconds: number,
  integer: (min: number, max: number) => number,
  ended: AbortSignal,
): AsyncGenerator<MillraceEvent> {
  for (const event of events) {
    yield event;
    await sleep(integer(0, maxSeconds) * 1000, ended);
    if (ended.aborted) return;
  }
}

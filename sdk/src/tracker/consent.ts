import { heldCalls } from './bounds.js';
import type { Part } from './plugin.js';

export interface ConsentCalls {
  /** `granted` begins, with what was tracked while it was pending; `denied` wipes what is stored and tracks nothing. */
  consent(state: 'granted' | 'denied'): void;
}

/** @param initial `pending`: stores nothing outside memory, and sends nothing, until `consent()` is called */
export const consent =
  (initial: 'pending' | 'granted' | 'denied' = 'granted'): Part<ConsentCalls> =>
  (inside) => {
    let state = initial;
    let held: (() => void)[] = [];
    const allowed = inside.pass;
    inside.pass = (work) => {
      if (state === 'granted') return allowed(work);
      // Beyond the bound the newest go: the visit's beginning says more. They have no number yet, so they are no loss.
      if (state === 'pending' && held.length < heldCalls) held.push(work);
      return undefined;
    };
    return {
      consent(next) {
        if (next !== 'granted' && next !== 'denied') return;
        const waiting = held;
        held = [];
        state = next;
        if (next === 'granted') for (const work of waiting) work();
        else {
          // What is wiped does not count as lost: no later event tells of its stream.
          inside.stream.end();
          inside.queue.clear();
        }
        inside.tell('consent', next);
        inside.pass(inside.sender.wake);
      },
    };
  };

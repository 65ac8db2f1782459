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
    // An answer that comes after all was wiped, or anything else that is late, leaves nothing either.
    const { set } = inside.store;
    inside.store.set = (...given) => {
      if (state === 'granted') set(...given);
    };
    // Nor is a batch sent that was on its way out of the queue just then: by the next look there is none.
    const { address } = inside;
    inside.address = (...given) => {
      if (state !== 'granted') throw state;
      return address(...given);
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
          inside.identity.leave();
          inside.queue.clear();
        }
        inside.tell('consent', next);
        inside.pass(inside.sender.wake);
      },
    };
  };

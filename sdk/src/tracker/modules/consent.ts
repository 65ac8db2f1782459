import { heldCalls } from '../bounds.js';
import { each, push } from '../browser/builtins.js';
import { warn } from '../browser/warn.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import { clearStored } from '../queue/clear.js';
import type { ConsentCalls } from '../types.js';

/**
 * Brings the call `consent`. Name it before `cookie`, which reads the cookie as soon as it is added.
 * @param initial `pending`: stores nothing outside memory, and sends nothing, until `consent()` is called
 */
export const consent =
  (initial: 'pending' | 'granted' | 'denied' = 'granted'): TrackerModule<ConsentCalls> =>
  (context: TrackerContext) => {
    let state = initial;
    if (!/^(pending|granted|denied)$/.test(state)) warn(context._options, 'consent must be pending, granted or denied');
    let held: (() => void)[] = [];
    context._whenAllowed = (work) => {
      if (state === 'granted') return work();
      // Beyond the bound the newest calls go: the beginning of the visit says more. They have no seq yet, so no gap.
      if (state === 'pending' && held.length < heldCalls) push(held, work);
      return undefined;
    };
    // A late answer, or anything else that is late, stores nothing after all was deleted.
    const { _set: set } = context._store;
    context._store._set = (...given) => {
      if (state === 'granted') set(...given);
    };
    // A batch that was leaving the queue at that moment is not sent: the next look finds none.
    const { _post: post } = context;
    context._post = (...given) => {
      if (state !== 'granted') throw state;
      return post(...given);
    };
    return {
      consent(next) {
        if (next !== 'granted' && next !== 'denied') return;
        const waiting = held;
        held = [];
        state = next;
        if (next === 'granted') each(waiting, (work) => work());
        else {
          // Deleted events do not count as lost: no later event names their stream.
          context._stream._end();
          context._identity._forget();
          clearStored(context._store, context._queue);
        }
        context._tell('consent', next);
        context._whenAllowed(context._sender._wake);
      },
    };
  };

import { now } from '../browser/time.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import type { IdentifyCalls } from '../types.js';

/** What a variable without a user becomes as a text. */
const nobody = /^(\s*|undefined|null|nan|\[object \w+\])$/i;

/** Brings the calls `identify` and `reset`. */
export const identify: TrackerModule<IdentifyCalls> = (context: TrackerContext) => ({
  identify(user) {
    const id = /str|num|big/.test(typeof user) ? `${user}` : '';
    // Only null ends a user: a page that does not know him yet must not log him out.
    if (user !== null && (id.length > 64 || nobody.test(id)))
      context._tell('dropped', { reason: 'invalid', what: 'user', value: user });
    else {
      context._whenAllowed(() => {
        context._identity._touch(now()).user_id = user === null ? undefined : id;
        context._identity._save();
      });
    }
  },
  reset: () => context._whenAllowed(() => context._identity._forget()),
});

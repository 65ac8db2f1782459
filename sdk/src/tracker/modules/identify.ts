import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import type { IdentifyCalls } from '../types.js';

/** Brings the calls `identify` and `reset`. */
export const identify: TrackerModule<IdentifyCalls> = (context: TrackerContext) => ({
  identify(user) {
    const id = String(user ?? '');
    if (id.length > 64 || (user && typeof user === 'object'))
      context._tell('dropped', { reason: 'invalid', what: 'user', value: user });
    else {
      context._whenAllowed(() => {
        context._identity._touch(Date.now()).user_id = id || undefined;
        context._identity._save();
      });
    }
  },
  reset: () => context._whenAllowed(() => context._identity._forget()),
});

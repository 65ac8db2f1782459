import type { Part } from './plugin.js';

/** Who the person is, as far as the site knows. */
export interface PeopleCalls {
  /** The site's own name for the person, at most 64 characters, until `identify(null)`; kept for later visits. */
  identify(userId: string | number | null): void;
  /** The person is somebody else from now on: a new visitor, session and stream, and no user. What was tracked stays. */
  reset(): void;
}

export const people: Part<PeopleCalls> = (inside) => ({
  identify(user) {
    const id = String(user ?? '');
    if (id.length > 64 || (user && typeof user === 'object'))
      inside.tell('dropped', { reason: 'invalid', what: 'user', value: user });
    else {
      inside.pass(() => {
        inside.identity.touch(Date.now()).user_id = id || undefined;
        inside.identity.save();
      });
    }
  },
  reset: () => inside.pass(() => inside.identity.leave()),
});

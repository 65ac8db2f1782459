import { attempt } from './attempt.js';
import { listen } from './lifecycle.js';

/** The Navigation API, as far as it is read: https://developer.mozilla.org/docs/Web/API/Navigation_API */
interface NavigationLike extends EventTarget {
  readonly currentEntry: unknown;
}

/** Tells of every step to another address in the same document: pushed, or back and forward; not of one that replaces the address. */
export function onRoute(tell: () => void): void {
  const { navigation } = window as { navigation?: NavigationLike };
  if (attempt(() => navigation!.currentEntry)) {
    listen(navigation!, 'currententrychange', (event) => {
      const { navigationType } = event as { navigationType?: string | null };
      // Null: the entry was changed in place (updateCurrentEntry).
      if (navigationType && navigationType !== 'replace') tell();
    });
    return;
  }
  attempt(() => {
    const push = history.pushState;
    history.pushState = function (...given) {
      push.apply(this, given);
      attempt(tell);
    };
  });
  // Back and forward, and a click on a link to a fragment.
  listen(window, 'popstate', tell);
}

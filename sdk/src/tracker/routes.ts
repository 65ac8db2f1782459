import { attempt } from './attempt.js';
import { listen } from './lifecycle.js';

/** The Navigation API, as far as it is read: https://developer.mozilla.org/docs/Web/API/Navigation_API */
interface NavigationLike extends EventTarget {
  readonly currentEntry: unknown;
}
interface EntryChange {
  navigationType?: string | null;
  from: { url: string };
}

/**
 * Tells of every step to another address in the same document, pushed, or back and forward, and which address was before; not of one that replaces the
 * address.
 */
export function onRoute(tell: (from: string) => void): void {
  const { navigation } = window as { navigation?: NavigationLike };
  if (attempt(() => navigation!.currentEntry)) {
    listen(navigation!, 'currententrychange', (event) => {
      const { navigationType, from } = event as unknown as EntryChange;
      // Null: the entry was changed in place (updateCurrentEntry).
      if (navigationType && navigationType !== 'replace') tell(from.url);
    });
    return;
  }
  let { href } = location;
  const moved = (isStep: boolean) => {
    const from = href;
    href = location.href;
    if (isStep) attempt(() => tell(from));
  };
  for (const method of ['pushState', 'replaceState'] as const) {
    attempt(() => {
      const original = history[method];
      history[method] = function (...given) {
        original.apply(this, given);
        moved(method === 'pushState');
      };
    });
  }
  // Back and forward, and a click on a link to a fragment.
  listen(window, 'popstate', () => moved(true));
}

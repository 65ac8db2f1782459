import type { PluginContext } from '../plugin.js';
import { attempt } from './attempt.js';
import { apply } from './builtins.js';
import { listen } from './lifecycle.js';

/** What is read of the Navigation API: https://developer.mozilla.org/docs/Web/API/Navigation_API */
interface NavigationLike extends EventTarget {
  readonly currentEntry: unknown;
}
interface EntryChange {
  navigationType?: string | null;
  from: { url: string };
}

/**
 * Calls `moved` with the previous address at every step to another address of the same document: pushed, or back and
 * forward. Not when the address is replaced.
 */
export function onRoute(owner: Pick<PluginContext, 'on'>, moved: (from: string) => void): void {
  const { navigation } = window as { navigation?: NavigationLike };
  if (attempt(() => navigation!.currentEntry)) {
    listen(owner, navigation!, 'currententrychange', (event) => {
      const { navigationType, from } = event as unknown as EntryChange;
      // Null: the entry was changed in place (updateCurrentEntry).
      if (navigationType && navigationType !== 'replace') moved(from.url);
    });
    return;
  }
  let { href } = location;
  const step = (isCounted: boolean) => {
    const from = href;
    href = location.href;
    if (isCounted) attempt(() => moved(from));
  };
  for (const method of ['pushState', 'replaceState'] as const) {
    attempt(() => {
      const original = history[method];
      const wrapped: typeof original = function (this: History, ...given) {
        apply(original, this, given);
        step(method === 'pushState');
      };
      history[method] = wrapped;
      owner.on('stopped', () => {
        // Who has wrapped it since keeps his.
        if (history[method] === wrapped) history[method] = original;
      });
    });
  }
  // Back and forward, and a click on a link to a fragment.
  listen(owner, window, 'popstate', () => step(true));
}

import { attempt } from './attempt.js';

/** Calls `work` at this event of a window or document, before the page's own listeners. */
export const listen = (target: EventTarget, type: string, work: (event: Event) => void): void =>
  void attempt(() => target.addEventListener(type, (event) => attempt(() => work(event)), true));

export interface LifecycleListeners {
  /** The page cannot be seen any more. On a phone this may be the last that is heard of it. */
  hidden(): void;
  /** It can be seen again, or the network is back. */
  awake(): void;
  /** The page is left; it may come back from the back/forward cache. */
  left(): void;
  /** It came back from there. */
  returned(): void;
}

/**
 * The moments of a page's life: https://developer.chrome.com/docs/web-platform/page-lifecycle-api. Neither `unload` nor `beforeunload`, which
 * keep a page out of the back/forward cache.
 */
export function onLifecycle({ hidden, awake, left, returned }: LifecycleListeners): void {
  listen(document, 'visibilitychange', () => (document.visibilityState === 'hidden' ? hidden() : awake()));
  listen(window, 'pagehide', left);
  listen(window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && returned());
  listen(window, 'online', awake);
}

/** Runs `work` once the page is shown to somebody (not just prerendered) and its head is read, so that its title is known. */
export function whenShown(work: () => void): void {
  const later = (type: string) => document.addEventListener(type, () => attempt(() => whenShown(work)), { once: true });
  if ((document as { prerendering?: boolean }).prerendering) later('prerenderingchange');
  else if (document.readyState === 'loading' && !document.body) later('DOMContentLoaded');
  else work();
}

import { attempt } from './attempt.js';

export interface LifecycleListeners {
  /** The page cannot be seen any more. On a phone this may be the last that is heard of it. */
  hidden(): void;
  visible(): void;
  /** The page is left; it may come back from the back/forward cache. */
  left(): void;
  /** It came back from there. */
  returned(): void;
  online(): void;
}

/**
 * The moments of a page's life: https://developer.chrome.com/docs/web-platform/page-lifecycle-api. Neither `unload` nor `beforeunload`, which
 * keep a page out of the back/forward cache.
 */
export function onLifecycle(listeners: LifecycleListeners): void {
  const listen = (target: EventTarget, type: string, work: (event: Event) => void) =>
    attempt(() => target.addEventListener(type, (event) => attempt(() => work(event)), true));
  listen(document, 'visibilitychange', () =>
    document.visibilityState === 'hidden' ? listeners.hidden() : listeners.visible(),
  );
  listen(window, 'pagehide', () => listeners.left());
  listen(window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && listeners.returned());
  listen(window, 'online', () => listeners.online());
}

/** Runs `work` once the page is shown to somebody (not just prerendered) and its head is read, so that its title is known. */
export function whenShown(work: () => void): void {
  const later = (type: string) => document.addEventListener(type, () => attempt(() => whenShown(work)), { once: true });
  if ((document as { prerendering?: boolean }).prerendering) later('prerenderingchange');
  else if (document.readyState === 'loading' && !document.body) later('DOMContentLoaded');
  else work();
}

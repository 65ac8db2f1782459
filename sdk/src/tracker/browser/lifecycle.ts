import { attempt } from './attempt.js';

/** Calls `work` at each such event of a window or document, before the page's own listeners. */
export const listen = (target: EventTarget, type: string, work: (event: Event) => void): void =>
  void attempt(() => target.addEventListener(type, (event) => attempt(() => work(event)), true));

/** Runs `work` once the page is shown (not only prerendered) and its head is read, so that its title is known. */
export function whenShown(work: () => void): void {
  const later = (type: string) => document.addEventListener(type, () => attempt(() => whenShown(work)), { once: true });
  if ((document as { prerendering?: boolean }).prerendering) later('prerenderingchange');
  else if (document.readyState === 'loading' && !document.body) later('DOMContentLoaded');
  else work();
}

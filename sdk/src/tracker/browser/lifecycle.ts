import { attempt } from './attempt.js';
import { apply } from './builtins.js';
import { ofDocument } from './dom.js';

/** By the interface's own method, because markup can hide that of a document. */
const add = (target: EventTarget, type: string, work: (event: Event) => void, options: AddEventListenerOptions): void =>
  void attempt(() =>
    apply(EventTarget.prototype.addEventListener, target, [
      type,
      (event: Event) => attempt(() => work(event)),
      options,
    ]),
  );

/** Calls `work` at each such event of a window or document, before the page's own listeners. */
export const listen = (target: EventTarget, type: string, work: (event: Event) => void): void =>
  add(target, type, work, { capture: true });

/** Whether the page is only prerendered: https://developer.mozilla.org/docs/Web/API/Document/prerendering */
export const isPrerendering = (): unknown => ofDocument('prerendering' as keyof Document);

/** Runs `work` once the page is shown (not only prerendered) and its head is read, so that its title is known. */
export function whenShown(work: () => void): void {
  const later = (type: string) => add(document, type, () => whenShown(work), { once: true });
  if (isPrerendering()) later('prerenderingchange');
  else if (ofDocument('readyState') === 'loading' && !ofDocument('body')) later('DOMContentLoaded');
  else work();
}

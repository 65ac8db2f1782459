import { attempt } from './attempt.js';
import { apply, push } from './builtins.js';
import { ofDocument } from './dom.js';

let undoing: (() => unknown)[] = [];

/** What takes back what the tracker does to the page from now on: a new list for each tracker. */
export function collectUndoing(): (() => unknown)[] {
  undoing = [];
  return undoing;
}

/** `undo` takes back what was done to the page. */
export const onStop = (undo: () => unknown): void => void push(undoing, undo);

/** By the interface's own methods, because markup can hide those of a document. */
function add(target: EventTarget, type: string, work: (event: Event) => void, options: AddEventListenerOptions): void {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const given = [type, (event: Event) => attempt(() => work(event)), options] as const;
  attempt(() => apply(addEventListener, target, given as never));
  onStop(() => apply(removeEventListener, target, given as never));
}

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

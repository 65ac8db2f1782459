import type { PluginContext } from '../plugin.js';
import { attempt } from './attempt.js';
import { apply } from './builtins.js';
import { ofDocument } from './dom.js';

/** The tracker, which takes its listeners back when it is stopped. */
type Owner = Pick<PluginContext, 'on'>;

/** By the interface's own methods, because markup can hide those of a document. */
function add(
  { on }: Owner,
  target: EventTarget,
  type: string,
  work: (event: Event) => void,
  options: AddEventListenerOptions,
): void {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const given = [type, (event: Event) => attempt(() => work(event)), options] as const;
  attempt(() => apply(addEventListener, target, given as never));
  on('stopped', () => apply(removeEventListener, target, given as never));
}

/** Calls `work` at each such event of a window or document, before the page's own listeners. */
export const listen = (owner: Owner, target: EventTarget, type: string, work: (event: Event) => void): void =>
  add(owner, target, type, work, { capture: true });

/** Whether the page is only prerendered: https://developer.mozilla.org/docs/Web/API/Document/prerendering */
export const isPrerendering = (): unknown => ofDocument('prerendering' as keyof Document);

/** Runs `work` once the page is shown (not only prerendered) and its head is read, so that its title is known. */
export function whenShown(owner: Owner, work: () => void): void {
  const later = (type: string) => add(owner, document, type, () => whenShown(owner, work), { once: true });
  if (isPrerendering()) later('prerenderingchange');
  else if (ofDocument('readyState') === 'loading' && !ofDocument('body')) later('DOMContentLoaded');
  else work();
}

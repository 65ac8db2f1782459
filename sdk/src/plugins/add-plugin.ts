import { attempt } from '../tracker/browser/attempt.js';
import type { Plugin } from '../tracker/plugin.js';

/** `window.millrace`: the tracker, its stub, or a queue of calls until it has loaded. */
interface Kept {
  use?(plugin: Plugin): void;
  q?: [method: string, given: ArrayLike<unknown>, at: number][];
}

/**
 * Adds a plugin whose script the page has, before or after the tracker's: now, or once the tracker has loaded. Once,
 * also where the page has a tag for it and `data-plugins` names it.
 */
export function addPlugin(name: string, plugin: Plugin): void {
  attempt(() => {
    const page = window as unknown as { millrace?: Kept; [added: symbol]: unknown };
    const added = Symbol.for(`millrace.${name}`);
    if (page[added]) return;
    page[added] = true;
    // In a page with <div id="millrace"> the name is that element, but not the window's own property.
    const kept: Kept | undefined = Object.getOwnPropertyDescriptor(page, 'millrace')?.value;
    if (!kept) page.millrace = { q: [['use', [plugin], Date.now()]] };
    else if (kept.use) kept.use(plugin);
    else kept.q?.push(['use', [plugin], Date.now()]);
  });
}

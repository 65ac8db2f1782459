import { attempt } from '../tracker/browser/attempt.js';
import type { Plugin } from '../tracker/plugin.js';

/** `window.millrace`: the tracker, its stub, or a queue of calls until it has loaded. */
interface Kept {
  use?(plugin: Plugin): void;
  q?: [method: string, given: ArrayLike<unknown>, at: number][];
}

/**
 * Adds a plugin that has a script tag of its own, before or after the tracker's: now, or once the tracker has loaded.
 */
export function addPlugin(plugin: Plugin): void {
  attempt(() => {
    const page = window as unknown as { millrace?: Kept };
    if (!page.millrace) page.millrace = { q: [] };
    const { millrace } = page;
    if (millrace.use) millrace.use(plugin);
    else millrace.q?.push(['use', [plugin], Date.now()]);
  });
}

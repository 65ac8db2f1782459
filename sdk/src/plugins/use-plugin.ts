import { attempt } from '../tracker/browser/attempt.js';
import type { Plugin } from '../tracker/plugin.js';

/** `window.millrace`: the tracker, its stub, or what keeps a call until it has loaded. */
interface Kept {
  use?(plugin: Plugin): void;
  q?: [method: string, given: ArrayLike<unknown>, at: number][];
}

/** For a plugin in a script tag of its own, before or after the tracker's: gives it to the tracker, now or once it has loaded. */
export function usePlugin(plugin: Plugin): void {
  attempt(() => {
    const page = window as unknown as { millrace?: Kept };
    if (!page.millrace) page.millrace = { q: [] };
    const { millrace } = page;
    if (millrace.use) millrace.use(plugin);
    else millrace.q?.push(['use', [plugin], Date.now()]);
  });
}

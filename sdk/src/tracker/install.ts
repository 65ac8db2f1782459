import { attempt } from './browser/attempt.js';
import { apply, assign, split } from './browser/builtins.js';
import { ofDocument } from './browser/dom.js';
import { safely } from './core/safely.js';
import { type Started, startTracker } from './core/start-tracker.js';
import type { TrackerModule } from './module.js';
import { pages, views } from './modules/views.js';
import type { AllModulesSettings, Tracker, TrackerOptions } from './types.js';

/** A call that the stub kept: the method, its arguments and when it was, in milliseconds since 1970. */
type KeptCall = [method: string, given: ArrayLike<unknown>, at: number];

/** `window.millrace` before the script has run, when the page has the stub. */
type Stub = Partial<Tracker> & { q?: KeptCall[] };

/** Repeats the kept calls, with their time. */
function replay(calls: KeptCall[], tracker: Started): void {
  for (const [method, given, at] of calls) {
    attempt(() => {
      const call = tracker[method] as (...given: unknown[]) => void;
      if (method === 'track') call(given[0], given[1], at);
      else call(given[0], at);
    });
  }
}

/** The tag of the script that runs. */
export const scriptTag = (): HTMLScriptElement | null =>
  (ofDocument('currentScript') ??
    apply(Document.prototype.querySelector, document, ['script[data-key]'])) as HTMLScriptElement | null;

/**
 * Reads the attributes of the script's tag, and puts the tracker at `window.millrace`, on the stub's object if there is
 * one.
 */
export function install(
  script: HTMLScriptElement | null,
  modulesOf: (settings: AllModulesSettings) => TrackerModule[],
): void {
  const stub: Stub = (window.millrace as Stub | undefined) ?? {};
  if (stub.version) {
    console.warn('millrace: loaded twice');
    return;
  }
  const given = script?.dataset ?? {};
  const { key, endpoint, auto, gpc, sample, mask } = given;
  if (!key) {
    console.warn('millrace: script tag without data-key');
  }
  const tracker = safely({ gpc: gpc as 'ignore', key: key! }, () => {
    const started = startTracker(
      // Without a key the start throws, and all calls do nothing.
      {
        ...given,
        // The script's own origin, unless data-endpoint names another, relative to the page.
        endpoint: endpoint ?? new URL('/v1/events', script!.src).href,
      } as TrackerOptions,
      [
        ...modulesOf({
          ...given,
          sample: sample ? +sample : undefined,
          mask: mask ? split(mask, ',') : undefined,
        } as AllModulesSettings),
        pages,
      ],
    );
    // Before the page view: the kept calls came first, and may have identified the visitor.
    replay(stub.q ?? [], started);
    if (auto !== 'off') started.use(views);
    return started;
  });
  window.millrace = assign(stub, tracker) as unknown as Tracker;
  delete stub.q;
}

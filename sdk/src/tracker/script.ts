import { attempt } from './attempt.js';
import { safely, startTracker, type TimedTracker } from './tracker.js';
import type { Tracker } from './types.js';

/** A call that the stub kept: the method, its arguments and when it was. */
type KeptCall = [method: 'track' | 'page' | 'identify' | 'flush', given: ArrayLike<unknown>, at: number];

/** `window.millrace` before this script has run, when the page has the stub. */
type Stub = Partial<Tracker> & { q?: KeptCall[] };

/** Runs the kept calls as of when they were made. */
function replay(calls: KeptCall[], tracker: TimedTracker): void {
  for (const [method, given, at] of calls) {
    attempt(() => {
      if (method === 'track') tracker.track(given[0], given[1], at);
      else if (method === 'page') tracker.page(given[0], at);
      else if (method === 'identify') tracker.identify(given[0]);
    });
  }
}

/** The script tag: reads its own attributes and puts the tracker at `window.millrace`, on the stub's object where there is one. */
function install(): void {
  const stub: Stub = (window.millrace as Stub | undefined) ?? {};
  if (stub.version) {
    console.warn('millrace: the script is in the page twice');
    return;
  }
  const script = (document.currentScript ??
    document.querySelector('script[data-key][src*="millrace"]')) as HTMLScriptElement | null;
  const { key, endpoint, page, auto, debug } = script?.dataset ?? {};
  if (!key) console.warn('millrace: the script tag needs data-key="…", the write key; nothing is tracked');
  const tracker = safely(() => {
    if (!key) throw new TypeError('no data-key');
    return startTracker(
      {
        key,
        // The script's own origin, unless data-endpoint names another; a relative one is on the page's.
        endpoint: endpoint ?? new URL('/v1/events', script!.src).href,
        page,
        auto: auto !== 'off',
        debug: debug !== undefined,
      },
      (started) => replay(stub.q ?? [], started),
    );
  }, debug !== undefined);
  window.millrace = Object.assign(stub, tracker);
  delete stub.q;
}

attempt(install);

import { attempt } from './attempt.js';
import { safely } from './safely.js';
import { type Started, startTracker } from './tracker.js';
import type { Tracker } from './types.js';
import { pages, views } from './views.js';
import { whole } from './whole.js';

/** A call that the stub kept: the method, its arguments and when it was. */
type KeptCall = [method: string, given: ArrayLike<unknown>, at: number];

/** `window.millrace` before this script has run, when the page has the stub. */
type Stub = Partial<Tracker> & { q?: KeptCall[] };

/** Makes the kept calls, as of when they were made. */
function replay(calls: KeptCall[], tracker: Started): void {
  for (const [method, given, at] of calls) {
    attempt(() => {
      const call = tracker[method] as (...given: unknown[]) => void;
      if (method === 'track') call(given[0], given[1], at);
      else call(given[0], at);
    });
  }
}

/** The script tag: reads its own attributes and puts the tracker at `window.millrace`, on the stub's object where there is one. */
function install(): void {
  const stub: Stub = (window.millrace as Stub | undefined) ?? {};
  if (stub.version) {
    console.warn('millrace: loaded twice');
    return;
  }
  const script = (document.currentScript ?? document.querySelector('script[data-key]')) as HTMLScriptElement | null;
  const { key, endpoint, page, auto, consent, gpc, sample, cookie, mask: masked } = script?.dataset ?? {};
  if (!key) {
    console.warn('millrace: script tag without data-key');
  }
  const tracker = safely({ gpc: gpc as 'ignore' }, () => {
    const started = startTracker(
      {
        // Without one it throws, and all calls do nothing.
        key: key!,
        // The script's own origin, unless data-endpoint names another; a relative one is on the page's.
        endpoint: endpoint ?? new URL('/v1/events', script!.src).href,
        page,
      },
      [
        ...whole({
          consent: consent as 'pending',
          sample: sample ? +sample : undefined,
          cookie,
          mask: masked?.split(','),
        }),
        pages,
      ],
    );
    // Calls that waited for the tracker were made before this; and who was identified then is the one who views the page.
    replay(stub.q ?? [], started);
    if (auto !== 'off') started.use(views);
    return started;
  });
  window.millrace = Object.assign(stub, tracker) as unknown as Tracker;
  delete stub.q;
}

attempt(install);

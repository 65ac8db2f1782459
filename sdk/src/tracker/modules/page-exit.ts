import { exitBatchChars } from '../bounds.js';
import { after } from '../browser/after.js';
import { attempt } from '../browser/attempt.js';
import { ofDocument } from '../browser/dom.js';
import { listen } from '../browser/lifecycle.js';
import { now } from '../browser/time.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import type { Batch } from '../queue/batch.js';
import { createOwnEvents } from '../queue/own-events.js';
import { beginRun, lastBegun } from '../queue/runs.js';
import { manyFailures } from '../send/backoff.js';
import { deliverBatches } from '../send/delivery.js';
import { createExitRequests } from '../send/exit-requests.js';

/**
 * When the page is hidden or left, hands its unsent events to the browser, as far as its 64 KiB go; the next page sends
 * the rest. The page forgets a batch only when it sees the answer; otherwise the next page sends the same batch again.
 */
export const pageExit: TrackerModule<void> = (context: TrackerContext) => {
  const { _store: store, _sender: sender } = context;
  const own = createOwnEvents(store);
  const requests = createExitRequests(context, sender);
  let gone = false;
  /** The last batch, where no answer came: WebKit refuses a request from the start of a navigation to its end. */
  let lost: Batch | undefined;
  context.on('answered', ({ status, batch }) => {
    lost = status ? undefined : batch;
  });
  // Small requests outlive the page, so that its next page need not repeat them all. But the browser may have had no
  // room for the one before.
  deliverBatches(context);
  context._survives = (size) => !lost && size <= exitBatchChars;

  let aborter: AbortController | undefined;
  const renew = () => {
    aborter = attempt(() => new AbortController());
  };
  renew();
  context.on('stopped', () => aborter?.abort());

  let release: (() => void) | undefined;
  const { _lock: lock } = context;
  // A page that is frozen gets no answer of IndexedDB, and no timer: it would keep the lock from the next page.
  context._lock = async (work) => {
    // A hidden page that lives on gets its answers; a retry before would only double what is under way.
    await requests._settled();
    const signal = aborter?.signal;
    await lock(
      () =>
        new Promise((resolve) => {
          release = resolve;
          void after(
            after(undefined, () => work(signal)),
            resolve,
          );
        }),
      signal,
    );
  };

  const leave = () =>
    context._whenAllowed(() => {
      context._identity._load();
      context._identity._save();
      void context._queue._move(true);
      // For a page that lives on.
      sender._wake();
      context._stream._note?.();
      let handed: string | undefined;
      while (!context._backoff._wait(now(), manyFailures)) {
        const batch = lost || own._nextUnsent();
        lost = undefined;
        // The same again: the browser does not let us read what we noted.
        if (!batch || batch.id === handed || !requests._hand(batch, gone)) return;
        handed = batch.id;
        // Earlier events that are not in memory any more are a batch of their own.
        const { stream, first } = batch;
        if (first - 1 > lastBegun(store, stream)) beginRun(store, { stream, last: first - 1 });
        beginRun(store, batch);
      }
    });

  context.on('stored', (entry) => {
    own._add(entry);
    if (gone) leave();
  });
  context.on('consent', (state) => {
    if (state !== 'denied') return;
    own._clear();
    lost = undefined;
  });

  // The states of a page: https://developer.chrome.com/docs/web-platform/page-lifecycle-api. Not `unload` or
  // `beforeunload`, which keep a page out of the back/forward cache.
  const awake = () => context._whenAllowed(sender._wake);
  listen(context, document, 'visibilitychange', () => {
    // On a phone this may be the last event of a page.
    if (ofDocument('visibilityState') === 'hidden') {
      context._tell('hidden');
      leave();
    } else awake();
  });
  listen(context, window, 'online', awake);
  listen(context, window, 'pagehide', () => {
    context._tell('left');
    gone = true;
    // Releases the lock, which another tab may wait for, and which keeps the page out of the back/forward cache.
    aborter?.abort();
    release?.();
    leave();
  });
  listen(context, window, 'pageshow', (event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    gone = false;
    requests._reset();
    renew();
    awake();
    context._tell('returned');
  });
};

import { attempt } from './attempt.js';
import { hopeless } from './backoff.js';
import { exitBatchChars, exitBytes, exitEvents } from './bounds.js';
import { byteLength } from './bytes.js';
import { deltaOf } from './delta.js';
import { listen } from './lifecycle.js';
import type { Moments, Part } from './plugin.js';
import { type Batch, batchOf } from './queue.js';
import { beginRun, readRuns } from './runs.js';
import { post, requestOf } from './transport.js';

declare global {
  /** https://wicg.github.io/pending-beacon/ (Chrome 135). Throws where its share of the 64 KiB is used up. */
  function fetchLater(url: string, init: RequestInit & { activateAfter?: number }): { readonly activated: boolean };
}

/**
 * A page that is left, or may be, hands over its own events that nobody has begun to send, as far as the browser's 64 KiB go; what does not
 * fit leaves with the next page. What it hands over it does not forget, unless it sees the answer: the next page sends it again, as the same batch.
 */
export const leaving: Part<void> = (inside) => {
  const { store, sender } = inside;
  /** In memory, because there is no time to ask IndexedDB; not more than a way out can carry. */
  let mine: Moments['stored'][] = [];
  let bytes = 0;
  let gone = false;
  const elsewhere = new Set<Promise<unknown>>();
  // A hidden page that lives on gets its answers; asking again before would only double what is under way.
  inside.settled = () => Promise.all(elsewhere);

  /** The browser may have had no room for a request that outlives the page. */
  let crowded = false;
  inside.on('answered', ({ status }) => {
    crowded = !status;
  });
  // Small ones go on when the page is left, so that its next page need not send them all again.
  inside.survives = (size) => !crowded && size <= exitBatchChars;

  let aborter: AbortController | undefined;
  const renew = () => {
    aborter = attempt(() => new AbortController());
    inside.signal = aborter?.signal;
  };
  renew();

  function unsent(): Batch | undefined {
    let chars = 0;
    const taken: typeof mine = [];
    for (const entry of mine) {
      if (entry.seq <= Math.max(...readRuns(store, entry.stream))) continue;
      chars += entry.text.length;
      if (taken.length && (entry.stream !== taken[0]!.stream || chars > exitBatchChars)) break;
      taken.push(entry);
    }
    return taken.length ? batchOf(taken) : undefined;
  }

  /** False when there is no room. */
  function hand(batch: Batch): boolean {
    const at = Date.now();
    const url = `${inside.address(batch, at)}&encoding=delta`;
    const body = deltaOf(batch.lines);
    if (
      gone &&
      (attempt(() => fetchLater(url, { ...requestOf(body), activateAfter: 0 })) ||
        // A browser without keepalive would end the request with the page.
        (!attempt(() => 'keepalive' in Request.prototype) && attempt(() => navigator.sendBeacon(url, body))))
    )
      return true;
    const size = byteLength(body);
    if (bytes + size > exitBytes) return false;
    bytes += size;
    const end = post(url, body, true).then((answer) => {
      bytes -= size;
      elsewhere.delete(end);
      // No answer says nothing about the server: the browser may have refused, for want of room.
      if (answer.status) sender.settle(batch, answer, at);
    });
    elsewhere.add(end);
    return true;
  }

  const leave = () =>
    inside.pass(() => {
      inside.identity.save();
      inside.queue.move(true);
      // For a page that lives on.
      sender.wake();
      inside.stream.note();
      while (!inside.backoff.wait(Date.now(), hopeless)) {
        const batch = unsent();
        if (!batch || !hand(batch)) return;
        // What lies before it and is not in memory any more is a run of its own.
        const { stream, first } = batch;
        if (first - 1 > Math.max(...readRuns(store, stream))) beginRun(store, { stream, last: first - 1 });
        beginRun(store, batch);
      }
    });

  inside.on('stored', (entry) => {
    if (mine.push(entry) > exitEvents) mine.shift();
    if (gone) leave();
  });
  inside.on('done', ({ stream, last }) => {
    mine = mine.filter((entry) => entry.stream !== stream || entry.seq > last);
  });
  inside.on('consent', (state) => {
    if (state === 'denied') mine = [];
  });

  // The moments of a page's life: https://developer.chrome.com/docs/web-platform/page-lifecycle-api. Neither `unload` nor `beforeunload`, which
  // keep a page out of the back/forward cache.
  const awake = () => inside.pass(sender.wake);
  listen(document, 'visibilitychange', () => {
    // On a phone this may be the last that is heard of a page.
    if (document.visibilityState === 'hidden') {
      inside.tell('hidden');
      leave();
    } else awake();
  });
  listen(window, 'online', awake);
  listen(window, 'pagehide', () => {
    inside.tell('left');
    gone = true;
    // Lets the lock go, which another tab may wait for, and which would keep the page out of the back/forward cache.
    aborter?.abort();
    leave();
  });
  listen(window, 'pageshow', (event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    gone = false;
    bytes = 0;
    elsewhere.clear();
    renew();
    awake();
    inside.tell('returned');
  });
};

import { attempt } from './attempt.js';
import { createBackoff } from './backoff.js';
import { lingerMs } from './bounds.js';
import { createIdentity } from './identity.js';
import type { Draft, Inside, Part } from './plugin.js';
import { createQueue } from './queue.js';
import { createSender } from './sender.js';
import { createStore } from './store.js';
import { createStream } from './stream.js';
import { post } from './transport.js';
import type { TrackerOptions } from './types.js';
import { version } from './version.js';

/** The calls of a tracker and its parts. Those of the script tag's stub say when they were made: they waited for it to load. */
export interface Started {
  track(event: unknown, fields?: unknown, at?: number): void;
  /** Undefined while nothing may be sent. */
  flush(): Promise<unknown> | undefined;
  use(part: Part): void;
  [call: string]: unknown;
}

/** The smallest tracker: it stores events, and sends them until they are acknowledged. @throws only what `createTracker` keeps from the page. */
export function startTracker(options: TrackerOptions, parts: readonly Part[]): Started {
  const endpoint = new URL(options.endpoint, location.href);
  endpoint.search += `${endpoint.search && '&'}key=${encodeURIComponent(options.key)}`;
  const name = `millrace.${options.key.replace(/\W/g, '_')}`;
  const listeners: { [moment: string]: ((about: never) => unknown)[] } = {};
  const store = createStore(() => localStorage, `${name}.`);
  const stream = createStream(store);
  const committed = () => {
    stream.note();
    inside.sender.wake(lingerMs);
  };

  const inside = {
    options,
    store,
    stream,
    identity: createIdentity(store, stream.end),
    queue: createQueue(store, (reason, number) => inside.tell('dropped', { reason, number }), name, committed),
    backoff: createBackoff(store, Math.random),
    on(moment, work) {
      listeners[moment] = [...(listeners[moment] || []), work];
    },
    /** False when a plugin says so. */
    tell: (moment, about) => (listeners[moment] || []).every((work) => attempt(() => work(about as never)) !== false),
    pass: (work) => work(),
    lease: (work) => work(),
    post,
    address(batch, sent_at) {
      const sending = { batch, sent_at };
      inside.tell('sending', sending);
      return `${endpoint}&sent_at=${sending.sent_at}&batch=${batch.id}`;
    },
    track(event, fields, given) {
      const draft = inside.clean(event, fields) as unknown as Draft;
      // In whole milliseconds, also where the page has a clock of its own.
      const at = Math.floor(given || Date.now());
      if (!draft.event || !(at > 0)) return;
      Object.assign(draft, inside.platform, {
        page: draft.page || inside.pageOf(),
        url: draft.url || document.URL.slice(0, 2048),
        sdk: `millrace-js/${version}`,
      });
      if (inside.tell('event', draft)) inside.pass(() => inside.seal(draft, at));
    },
    seal,
  } as Omit<Inside, 'sender'> as Inside;
  inside.sender = createSender(inside, name);

  /** Numbers the event and stores it. */
  function seal(draft: Draft, at: number): void {
    const facts = JSON.stringify(Object.assign(draft, inside.identity.touch(at))).slice(0, -1);
    // Taken last, when nothing can fail any more: a place without an event would look like a loss.
    const entry = stream.next(at, facts);
    inside.queue.append(entry);
    inside.tell('stored', entry);
  }

  const calls: Started = {
    track: inside.track,
    flush: () => inside.pass(inside.sender.flush),
    use: (part) => attempt(() => Object.assign(calls, part(inside))),
  };
  parts.forEach(calls.use);
  // What pages before this one left behind: in localStorage it is not safe from a kill of the browser.
  inside.pass(() => {
    inside.queue.commit();
    inside.sender.wake(lingerMs);
  });
  return calls;
}

import type { MillraceEvent } from '../schema/event.js';
import { attempt } from './attempt.js';
import { createBackoff } from './backoff.js';
import { lingerMs } from './bounds.js';
import { onTrackedClick } from './clicks.js';
import { createDrops, type DropReason, dropsProperty } from './drops.js';
import { cleanFields, cleanProperties } from './fields.js';
import { browserRandom, createShortId, createUuid7 } from './id.js';
import { createIdentity } from './identity.js';
import { onLifecycle, whenShown } from './lifecycle.js';
import { createLease, createLock } from './lock.js';
import { type NavigatorLike, platformOf } from './platform.js';
import { createQueue } from './queue.js';
import { createSender } from './sender.js';
import { pageFromPath, toSlug } from './slug.js';
import { createStore } from './store.js';
import { createStream } from './stream.js';
import { browserTransport } from './transport.js';
import type { Names, Tracker, TrackerOptions } from './types.js';
import { version } from './version.js';

/** A tracker whose calls may say when they were made: the stub's waited for it to load. */
export interface TimedTracker {
  track(event: unknown, fields?: unknown, at?: number): void;
  page(fields?: unknown, at?: number): void;
  identify(userId: unknown): void;
  flush(): Promise<void>;
}

/** Puts the parts together in a browser's page. @throws only what `createTracker` keeps from the page. */
export function startTracker(options: TrackerOptions, early?: (tracker: TimedTracker) => void): TimedTracker {
  const now = () => Date.now();
  const log = (text: string, detail?: unknown) => options.debug && console.warn(`millrace: ${text}`, detail ?? '');
  const endpoint = new URL(options.endpoint, location.href).href;
  const prefix = `millrace.${String(options.key).replace(/\W/g, '_')}.`;
  const store = createStore(() => localStorage, prefix);
  const tab = createStore(() => sessionStorage, prefix);

  const newUuid = createUuid7(browserRandom);
  const newShortId = createShortId(browserRandom);
  const identity = createIdentity(store, newShortId);
  const drops = createDrops(store);
  const queue = createQueue(store, drops, newUuid);
  const stream = createStream(store, tab, newShortId, queue.lastSeq);
  const sender = createSender({
    queue,
    backoff: createBackoff(store, Math.random),
    lock: createLock(prefix, createLease(store, newShortId(now()), now)),
    transport: browserTransport,
    now,
    address: ({ id }, sentAt) =>
      `${endpoint}${endpoint.includes('?') ? '&' : '?'}key=${encodeURIComponent(options.key)}&sent_at=${sentAt}&batch=${id}`,
    answered: ({ names }, { status, text }) => log(`${names.length} event(s) sent, answer ${status || 'none'}`, text),
  });

  const platform = platformOf(navigator as NavigatorLike);
  let page: unknown = options.page;
  let gone = false;
  let viewed = options.auto === false;

  function leftOut(reason: DropReason, text: string, detail: unknown): void {
    drops.count(reason);
    log(text, detail);
  }

  /** A given name as a slug; one that was none is said in debug mode. */
  function slugOf(kind: string, given: unknown): string {
    const slug = toSlug(given);
    if (slug !== given) log(`${kind} is no slug; taken as "${slug}"`, given);
    return slug;
  }

  function pageName(): string {
    const given = page || document.body?.dataset.page || document.documentElement.dataset.page;
    return (given && slugOf('page', given)) || pageFromPath(location.pathname);
  }

  function record(name: unknown, given: unknown, at: number): void {
    const event = typeof name === 'string' ? slugOf('event', name) : '';
    if (!event) {
      leftOut('invalid', 'track() needs the name of an event', name);
      return;
    }
    const without = (field: string, value: unknown) =>
      leftOut('field', `${event} goes without ${field}, which does not fit`, value);
    // Reading what a page gives runs the page's code (getters, proxies), which may throw.
    const clean = attempt(
      () => cleanFields(given, without),
      (error) => without('fields', error),
    );
    const { fields = {}, page: ownPage } = clean ?? {};
    const counts = drops.pending();
    const reporting = counts && cleanProperties({ ...fields.properties, [dropsProperty]: counts });
    if (reporting) {
      fields.properties = reporting;
      drops.reported();
    }
    const person = identity.touch(at);
    const facts = {
      event_id: newUuid(at),
      event,
      page: (ownPage ? slugOf('page', ownPage) : '') || pageName(),
      event_time: new Date(at).toISOString(),
      visitor_id: person.visitor,
      session_id: person.session,
    };
    const about = {
      ...(person.user && { user_id: person.user }),
      ...platform,
      ...attempt(() => ({ url: location.href.slice(0, 2048) })),
      ...(event === 'page_view' &&
        attempt(() => ({ referrer: document.referrer.slice(0, 2048), title: document.title.slice(0, 256) }))),
      ...fields,
      sdk: `millrace-js/${version}`,
    };
    // Taken last, when nothing can fail any more: a place without an event would look like a loss.
    const place = stream.next(at);
    const whole: MillraceEvent = { ...facts, ...place, ...about };
    queue.append(place.stream_id, place.seq, at, JSON.stringify(whole));
    log(event, whole);
    if (gone) leave();
    else sender.wake(lingerMs);
  }

  function leave(): void {
    const id = stream.id();
    identity.save();
    stream.release();
    sender.exit(id);
  }

  function view(): void {
    if (viewed) return;
    viewed = true;
    record('page_view', undefined, now());
  }

  const tracker: TimedTracker = {
    track: (event, fields, at = now()) => record(event, fields, at),
    page(fields, at = now()) {
      const given = attempt(() => (fields as { page?: unknown }).page);
      if (given) page = given;
      record('page_view', fields, at);
    },
    identify(userId) {
      const id = typeof userId === 'number' ? String(userId) : userId;
      const none = id === null || id === undefined || id === '';
      if (!none && (typeof id !== 'string' || id.length > 64)) {
        leftOut('invalid', 'identify() needs a text of at most 64 characters, or null', userId);
      } else identity.setUser(none ? undefined : (id as string), now());
    },
    flush: () => sender.flush(),
  };

  onLifecycle({
    hidden() {
      stream.note();
      identity.save();
      sender.exit(stream.id());
    },
    visible: () => sender.wake(),
    left() {
      // Gone before its view could be counted; but a page that was only prerendered was never seen.
      if (!(document as { prerendering?: boolean }).prerendering) view();
      gone = true;
      sender.stop();
      leave();
    },
    returned() {
      gone = false;
      sender.resume();
    },
    online: () => sender.wake(),
  });
  attempt(() => onTrackedClick(({ event, fields }) => record(event, fields, now())));
  // Calls that waited for the tracker were made before this; and who was identified then is the one who views the page.
  if (early) attempt(() => early(tracker));
  attempt(() => whenShown(view));
  // What pages before this one left behind.
  sender.wake(lingerMs);
  return tracker;
}

/**
 * Starts a tracker in this page; once per page. Where there is no page (a server that renders it) its calls do nothing.
 * @example createTracker<typeof catalogue>({ key: 'demo', endpoint: 'https://collect.example/v1/events' })
 */
export function createTracker<const Site extends Names = Names>(options: TrackerOptions<Site>): Tracker<Site> {
  return safely(() => startTracker(options as unknown as TrackerOptions), options.debug) as Tracker<Site>;
}

/** The tracker as the page gets it: nothing that goes wrong in it reaches the page. */
export function safely(start: () => TimedTracker, debug = false): Tracker {
  const failed = (error: unknown) => debug && console.warn('millrace:', error);
  const inner = typeof document === 'object' ? attempt(start, failed) : undefined;
  return {
    track: (event, fields) => attempt(() => inner?.track(event, fields), failed),
    page: (fields) => attempt(() => inner?.page(fields), failed),
    identify: (userId) => attempt(() => inner?.identify(userId), failed),
    flush: () => attempt(() => inner?.flush(), failed) ?? Promise.resolve(),
    version,
  };
}

import { undelta } from '../../src/schema/index.js';
import { type FakeClock, startFakeClock } from './fake-clock.js';
import { setGlobals } from './set-globals.js';
import { createDisk, type Disk } from './web-storage.js';

/** A request as it left the page. */
export interface Sent {
  how: 'fetch' | 'keepalive' | 'later' | 'beacon';
  url: URL;
  /** The batch's id. */
  batch: string;
  body: string;
  lines: string[];
  at: number;
}

/** What becomes of a request: an answer, a broken connection, or nothing ever. */
export type Reply =
  | number
  | { status: number; retryAfter?: string; body?: string; time?: number; afterMs?: number }
  | 'reset'
  | 'never';

/** An element, whose `data-` attributes are read in either way. */
export interface FakeElement {
  dataset: Record<string, string>;
  getAttribute(name: string): string | null;
}

function createElement(): FakeElement {
  const element: FakeElement = {
    dataset: {},
    getAttribute: (name) => element.dataset[name.replace(/^data-/, '')] ?? null,
  };
  return element;
}

/** A page's document, as far as the tracker reads it. */
export interface FakeDocument extends EventTarget {
  readonly URL: string;
  visibilityState: string;
  prerendering: boolean;
  readyState: string;
  referrer: string;
  title: string;
  cookie: string;
  body: FakeElement | null;
  documentElement: FakeElement;
}

export interface FakePage {
  window: EventTarget;
  document: FakeDocument;
  location: URL;
  hide(): void;
  show(): void;
  /** A navigation away from it; `comesBack` when it goes into the back/forward cache. */
  leave(): void;
  comeBack(): void;
}

export interface FakeBrowser {
  clock: FakeClock;
  disk: Disk;
  sent: Sent[];
  /** The empty requests, which ask whether a batch is known: it is, if it was answered with 200. */
  asked: Sent[];
  /** Decides what becomes of a request; 200 to begin with. Without a body the answer is the ingest server's. */
  reply: (sent: Sent) => Reply;
  mostAtOnce(): number;
  /** Opens a page: what the code finds at the global object is this page's from now on. */
  open(href?: string): FakePage;
  set(values: Record<string, unknown>): void;
  close(): void;
}

/** Where the tracker keeps which trackers there are. */
const registry = Symbol.for('millrace');
/** Bytes of requests under way that may outlive their pages. */
const keepaliveBytes = 64 * 1024;

/** As the Web Locks API has them, first come, first served. */
function createLocks() {
  const last = new Map<string, Promise<unknown>>();
  return {
    request(name: string, { signal }: { signal?: AbortSignal }, work: () => Promise<unknown>) {
      const aborted = () => new DOMException('given up', 'AbortError');
      const mine = (last.get(name) ?? Promise.resolve()).then(() => {
        if (signal?.aborted) throw aborted();
        return work();
      });
      last.set(
        name,
        mine.catch(() => {}),
      );
      const givenUp = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(aborted())));
      return Promise.race([mine, givenUp]);
    },
  };
}

/**
 * As much of a browser as the tracker touches, for tests in Node: one origin, whose pages share storage, locks and
 * network. Real ones are in the page tests.
 */
export function startFakeBrowser({ now = 1_795_406_270_273, turns = 1 } = {}): FakeBrowser {
  const clock = startFakeClock(now, turns);
  const undo: (() => void)[] = [];
  let underWay = 0;
  let most = 0;
  let keptAlive = 0;
  const taken = new Set<string>();

  function note(how: Sent['how'], address: string, body: string): Sent {
    const url = new URL(address, location.href);
    const text = url.searchParams.get('encoding') === 'delta' ? undelta(body, Infinity) : body;
    const sent = { how, url, batch: url.searchParams.get('batch') ?? '', body, lines: text.split('\n'), at: clock.now };
    (body === '' ? browser.asked : browser.sent).push(sent);
    return sent;
  }

  function fetch(address: string, init: { body: string; keepalive?: boolean; signal?: AbortSignal }) {
    return new Promise((resolve, reject) => {
      const bytes = init.keepalive ? Buffer.byteLength(init.body) : 0;
      if (bytes && keptAlive + bytes > keepaliveBytes) throw new TypeError('Failed to fetch');
      const sent = note(init.keepalive ? 'keepalive' : 'fetch', address, init.body);
      keptAlive += bytes;
      most = Math.max(most, ++underWay);
      const end = () => {
        keptAlive -= bytes;
        underWay--;
      };
      const fail = () => {
        end();
        reject(new TypeError('Failed to fetch'));
      };
      init.signal?.addEventListener('abort', fail, { once: true });
      const isQuestion = init.body === '';
      const isKnown = isQuestion && taken.has(sent.batch);
      const reply = isKnown ? 200 : browser.reply(sent);
      if (reply === 'never') return;
      if (reply === 'reset') return fail();
      const { status, retryAfter, body, time, afterMs = 0 } = typeof reply === 'number' ? { status: reply } : reply;
      const answer = () => {
        if (init.signal?.aborted) return;
        end();
        if (status === 200 && !isQuestion) taken.add(sent.batch);
        const lines = isQuestion ? { known: isKnown } : { accepted: sent.lines.length, duplicates: 0, rejected: [] };
        const ours = { time, batch: sent.batch, ...(status < 400 ? lines : { error: { code: 'unavailable' } }) };
        resolve({ status, headers: { get: () => retryAfter ?? null }, text: async () => body ?? JSON.stringify(ours) });
      };
      if (afterMs) setTimeout(answer, afterMs);
      else queueMicrotask(answer);
    });
  }

  const browser: FakeBrowser = {
    clock,
    disk: createDisk(),
    sent: [],
    asked: [],
    reply: () => 200,
    mostAtOnce: () => most,
    set(values) {
      undo.push(setGlobals(values));
    },
    open(href = 'https://shop.example/books') {
      const window = new EventTarget();
      const location = new URL(href);
      const document: FakeDocument = Object.assign(new EventTarget(), {
        URL: '',
        visibilityState: 'visible',
        prerendering: false,
        readyState: 'complete',
        referrer: '',
        title: 'Shop',
        cookie: '',
        body: createElement(),
        documentElement: createElement(),
      });
      Object.defineProperty(document, 'URL', { get: () => location.href });
      // The trackers that a page has belong to its window.
      const trackers = {};
      const enter = () => {
        Object.assign(globalThis, { [registry]: trackers });
        browser.set({ window, document, location });
      };
      const seen = (state: string) => {
        enter();
        document.visibilityState = state;
        document.dispatchEvent(new Event('visibilitychange'));
      };
      enter();
      return {
        window,
        document,
        location,
        hide: () => seen('hidden'),
        show: () => seen('visible'),
        leave() {
          enter();
          window.dispatchEvent(new Event('pagehide'));
          seen('hidden');
        },
        comeBack() {
          seen('visible');
          window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
        },
      };
    },
    close() {
      Reflect.deleteProperty(globalThis, registry);
      for (const back of undo.reverse()) back();
      clock.restore();
    },
  };
  browser.set({
    localStorage: browser.disk.storage,
    indexedDB: undefined,
    IDBKeyRange: undefined,
    // So that a test can say what is random, by `Math.random`.
    crypto: undefined,
    fetch,
    fetchLater: undefined,
    navigator: {
      locks: createLocks(),
      userAgent: '',
      sendBeacon: (url: string, body: string) => !!note('beacon', url, body),
    },
  });
  return browser;
}

import type { MillraceEvent } from '../schema/event.js';
import type { Backoff } from './backoff.js';
import type { DropReason } from './drops.js';
import type { Entry } from './entry.js';
import type { Identity } from './identity.js';
import type { Lock } from './lock.js';
import type { Platform } from './platform.js';
import type { Batch, Queue } from './queue.js';
import type { Sender } from './sender.js';
import type { Store } from './store.js';
import type { Stream } from './stream.js';
import type { Answer } from './transport.js';
import type { TrackerOptions } from './types.js';

/** An event before it has its visitor, and its number, from which its id follows. */
export type Draft = Omit<
  MillraceEvent,
  | 'visitor_id'
  | 'session_id'
  | 'user_id'
  | 'event_id'
  | 'event_time'
  | 'stream_id'
  | 'seq'
  | 'after_stream_id'
  | 'after_seq'
>;

/** What plugins hear of, and with what. */
export interface Moments {
  /** An event was tracked. A plugin may change it, or leave it out by returning false. */
  event: Draft;
  /** It was stored; `lineOf` makes its JSON. */
  stored: Entry;
  /** A call or a field was left out (`what`, `value`), or so many events that were stored, and why. */
  dropped: { reason: DropReason; what?: string; value?: unknown; number?: number };
  /** A batch is about to be sent; `sent_at`, in milliseconds since 1970, may be changed. */
  sending: { batch: Batch; sent_at: number };
  /** The server's answer to it, status 0 for none, and when it was sent. */
  answered: { batch: Batch; status: number; text?: string; at: number };
  /** A batch is forgotten: delivered, or refused for good. */
  done: Batch;
  /** The page cannot be seen any more. */
  hidden: undefined;
  /** It is left. */
  left: undefined;
  /** It came back from the back/forward cache. */
  returned: undefined;
  /** Consent was given or denied; when denied, what was stored has been wiped. */
  consent: 'granted' | 'denied';
}

/** What a plugin gets. Nothing that it throws reaches the page. */
export interface Host {
  /** Records an event; `at` is when it was, in milliseconds since 1970, else now. */
  track(event: unknown, fields?: unknown, at?: number): void;
  on<Moment extends keyof Moments>(moment: Moment, work: (about: Moments[Moment]) => unknown): void;
}

/** Sees what is tracked and sent, and may have calls of its own, which the tracker then has. */
export type Plugin<Calls = unknown> = (host: Host) => Calls;

/** What the tracker's own parts get besides: its insides, some to be replaced. */
export interface Inside extends Host {
  tell<Moment extends keyof Moments>(moment: Moment, about?: Moments[Moment]): boolean;
  options: TrackerOptions;
  store: Store;
  stream: Stream;
  identity: Identity;
  queue: Queue;
  sender: Sender;
  backoff: Backoff;
  /** The address of a batch's request. */
  address(batch: Batch, now: number): string;
  /** Does what stores something; a part may keep it until it is allowed. */
  pass<T>(work: () => T): T | undefined;
  /** Makes of what a page gave what the schema wants. */
  clean(event: unknown, fields: unknown): Record<string, unknown>;
  /** Numbers the event and stores it. */
  seal(draft: Draft, at: number): void;
  platform: Platform;
  /** The page's name, where nobody gave one. */
  pageOf(): unknown;
  /** Gives the page a name. */
  call?(page: unknown): void;
  /** Aborted while the page is gone. */
  signal?: AbortSignal | undefined;
  /** Settles when what is under way elsewhere is answered. */
  settled?(): Promise<unknown>;
  /** Whether a request of so many bytes is to outlive the page. */
  survives?(bytes: number): boolean;
  /** Gzips a text as a body of type text/plain; undefined where that cannot be. */
  compress?(text: string): Promise<Blob | undefined>;
  /** Sends a body; `isAgain` when it was sent before and no answer came. */
  post(url: string, body: string | Blob, keepalive?: boolean, signal?: AbortSignal, isAgain?: boolean): Promise<Answer>;
  /** The lock for browsers without Web Locks. */
  lease: Lock;
}

/** A part of the tracker that a site can go without. */
export type Part<Calls = unknown> = (inside: Inside) => Calls;

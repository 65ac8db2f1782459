import type { JsonValue } from '../schema/json-value.js';
import type { Batch } from './queue/batch.js';
import type { DropReason } from './queue/drop-reason.js';
import type { Entry } from './queue/entry.js';

/**
 * A tracked event before it is stored. Its visitor, time, stream and id are not known yet. A test holds it to the
 * schema's event.
 */
export interface Draft {
  event: string;
  page: string;
  os: string;
  device: string;
  url?: string | undefined;
  referrer?: string | undefined;
  title?: string | undefined;
  item_id?: string | undefined;
  item_name?: string | undefined;
  item_quantity?: number | undefined;
  item_price?: number | undefined;
  currency?: string | undefined;
  order_id?: string | undefined;
  properties?: { [name: string]: JsonValue } | undefined;
  sdk: string;
}

/** The moments that plugins can listen to, and what they get at each. */
export interface Moments {
  /** An event was tracked. A plugin may change it, or drop it by returning false. */
  event: Draft;
  /** The event was stored. `lineOf` makes its JSON. */
  stored: Entry;
  /** A call or a field was dropped (`what`, `value`), or a `number` of stored events, and why. */
  dropped: { reason: DropReason; what?: string; value?: unknown; number?: number };
  /** A batch is about to be sent. A plugin may change `sent_at`, in milliseconds since 1970. */
  sending: { batch: Batch; sent_at: number };
  /**
   * An answer came, or none (status 0). `isOurs` is false for what only somebody on the way can have said, `isFinal` is
   * false when the batch will be sent again. `at` is when the batch was sent, in milliseconds since 1970.
   */
  answered: { batch: Batch; status: number; text?: string; at: number; isOurs: boolean; isFinal: boolean };
  /** A batch left the queue: delivered, or refused for good. */
  done: Batch;
  /** The page is hidden. */
  hidden: undefined;
  /** The visitor leaves the page. */
  left: undefined;
  /** The page is back from the back/forward cache. */
  returned: undefined;
  /** The tracker was stopped: what a plugin has done to the page it takes back. */
  stopped: undefined;
  /** The visitor gave or denied consent. When denied, the stored events are already deleted. */
  consent: 'granted' | 'denied';
}

/** What a plugin gets. Nothing that a plugin throws reaches the page. */
export interface PluginContext {
  /** Records an event. `at` is its time in milliseconds since 1970; now when left out. */
  track(event: unknown, fields?: unknown, at?: number): void;
  /** Calls `listener` at each such moment, after the listeners that were added before it. */
  on<Moment extends keyof Moments>(moment: Moment, listener: (about: Moments[Moment]) => unknown): void;
}

/** Listens to moments and tracks events. The calls that it returns become calls of the tracker. */
export type Plugin<Calls = unknown> = (context: PluginContext) => Calls;

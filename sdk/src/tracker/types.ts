import type { JsonValue } from '../schema/json-value.js';
import type { TrackerModule } from './module.js';
import type { Plugin } from './plugin.js';

/**
 * The names that a site declares, as a type: `typeof catalogue` of an `as const` object, or of `defineCatalogue` in
 * `@millrace/sdk/schema`. It costs no bytes.
 */
export interface Names {
  readonly pages: readonly string[];
  readonly events: readonly string[];
}

/** The events of a catalogue. `page_view` is in every catalogue. */
export type EventName<Site extends Names> = Site['events'][number] | 'page_view';
/** The pages of a catalogue. `cart` is in every catalogue. */
export type PageName<Site extends Names> = Site['pages'][number] | 'cart';

/** What a page may say of an event. Undefined is the same as left out. */
export interface Fields<Site extends Names = Names> {
  /** The product area; the page's own name when left out. */
  page?: PageName<Site> | undefined;
  item_id?: string | number | undefined;
  item_name?: string | undefined;
  item_quantity?: number | undefined;
  /** The price of one, in major units. */
  item_price?: number | undefined;
  /** ISO 4217, such as EUR. */
  currency?: string | undefined;
  order_id?: string | number | undefined;
  /** The site's own fields: at most 32 keys, 3 levels and 4 KiB as JSON. */
  properties?: { [name: string]: JsonValue | undefined } | undefined;
}

/** What every tracker has. No call throws, whatever it gets and whatever the browser refuses. */
export interface Core<Site extends Names = Names> {
  /** Stores the event before it returns, and sends it later. */
  track(event: EventName<Site>, fields?: Fields<Site>): void;
  /** Sends what waits. Settles when it is sent or has to wait for its next try. Events are safe without it. */
  flush(): Promise<void>;
  /**
   * Takes back what the tracker has done to the page, listeners and timers; its calls do nothing from now on. What
   * waits is sent by the next tracker of the key.
   */
  stop(): void;
  /** Adds a plugin. */
  use(plugin: Plugin): void;
  /** Adds a module. */
  use(module: TrackerModule): void;
  readonly version: string;
}

/** The calls of the module `identify`. */
export interface IdentifyCalls {
  /** The site's own id for the visitor, at most 64 characters, until `identify(null)`; kept for later visits. */
  identify(userId: string | number | null): void;
  /** The visitor is somebody else from now on: a new visitor, session and stream, and no user. Tracked events stay. */
  reset(): void;
}

/** The call of the module `consent`. */
export interface ConsentCalls {
  /** `granted` starts, with what was tracked while pending. `denied` deletes what is stored, and tracks nothing. */
  consent(state: 'granted' | 'denied'): void;
}

/** The calls of all modules. */
export interface Calls<Site extends Names = Names> extends IdentifyCalls, ConsentCalls {
  /** Counts a page view. `fields.page` names the page from now on, until the path changes. */
  page(fields?: Fields<Site>): void;
}

/** The tracker with all modules: what the script tag puts at `window.millrace`. */
export interface Tracker<Site extends Names = Names> extends Core<Site>, Calls<Site> {}

/** What `createTracker` needs to know. */
export interface TrackerOptions<Site extends Names = Names> {
  /** The write key. */
  key: string;
  /** Where the events go, such as `https://collect.example/v1/events`. Relative to the page. */
  endpoint: string;
  /** The page's name. Else `data-page` on the body or the html element, else from the path. */
  page?: PageName<Site> | undefined;
  /**
   * Global Privacy Control (https://privacycg.github.io/gpc-spec/): where the visitor has it on, nothing is tracked or
   * stored, unless this is `ignore`.
   */
  gpc?: 'ignore' | undefined;
  /**
   * `off`: the module `plainText` sends plain text from the start, because a proxy would spoil gzip. It finds that out
   * by itself, too.
   */
  compress?: 'off' | undefined;
  /**
   * Statuses of the server that are not final: the batch is kept, and tried again. 408, 429 and 5xx always are such; an
   * answer that is not the server's own is never final.
   */
  retry?: readonly number[] | undefined;
  /** Says nothing in the console. Otherwise the tracker tells there, once, which setting or name is to be mended. */
  quiet?: boolean | undefined;
  /** Only its type is used. A type argument does the same without the object. */
  catalogue?: Site | undefined;
}

/** The settings of `allModules`. */
export interface AllModulesSettings {
  /**
   * `pending`: stores nothing outside memory until `consent()` is called. `denied`: tracks nothing until it is granted.
   */
  consent?: 'pending' | 'granted' | 'denied' | undefined;
  /** The share of the visitors to track, from 0 to 1. */
  sample?: number | undefined;
  /** A domain whose hosts share the visitor, by a cookie: `example.com`. */
  cookie?: string | undefined;
  /** Address parameters whose values are replaced by `*`. */
  mask?: readonly string[] | undefined;
}

declare global {
  interface Window {
    millrace?: Tracker;
  }
}

import type { JsonValue } from '../schema/properties.js';
import type { ConsentCalls } from './consent.js';
import type { PeopleCalls } from './people.js';
import type { Part, Plugin } from './plugin.js';

/** A site's declared names, as a type: `typeof catalogue` of an `as const` object or of the schema's `defineCatalogue`. Costs no bytes. */
export interface Names {
  readonly pages: readonly string[];
  readonly events: readonly string[];
}

/** The events that a catalogue allows; `page_view` is in every catalogue. */
export type EventName<Site extends Names> = Site['events'][number] | 'page_view';
/** The pages that a catalogue allows; `cart` is in every catalogue. */
export type PageName<Site extends Names> = Site['pages'][number] | 'cart';

/** What a page may say of an event. Undefined is the same as left out. */
export interface Fields<Site extends Names = Names> {
  /** The product area; the page's own when left out. */
  page?: PageName<Site> | undefined;
  item_id?: string | number | undefined;
  item_name?: string | undefined;
  item_quantity?: number | undefined;
  /** Price of one, in major units. */
  item_price?: number | undefined;
  /** ISO 4217, as EUR. */
  currency?: string | undefined;
  order_id?: string | number | undefined;
  /** The site's own fields: at most 32 keys, 3 levels and 4 KiB as JSON. */
  properties?: { [name: string]: JsonValue | undefined } | undefined;
}

/** What every tracker has. None of its calls throws, whatever it is given and whatever the browser refuses. */
export interface Core<Site extends Names = Names> {
  /** Stores the event before it returns, and sends it later. */
  track(event: EventName<Site>, fields?: Fields<Site>): void;
  /** Sends what waits, and settles when it is sent or has to wait for its next try. Events are safe without it. */
  flush(): Promise<void>;
  /** Adds a part or a plugin. */
  use(plugin: Part | Plugin): void;
  readonly version: string;
}

/** What the parts bring. */
export interface Calls<Site extends Names = Names> extends PeopleCalls, ConsentCalls {
  /** A page view. `fields.page` names the page from now on, until the path changes. */
  page(fields?: Fields<Site>): void;
}

/** The whole tracker: what the script tag puts at `window.millrace`. */
export interface Tracker<Site extends Names = Names> extends Core<Site>, Calls<Site> {}

export interface TrackerOptions<Site extends Names = Names> {
  /** The write key. */
  key: string;
  /** Where the events go, as `https://collect.example/v1/events`. Relative to the page. */
  endpoint: string;
  /** The page's name. Else `data-page` on the body or the html element, else from the path. */
  page?: PageName<Site> | undefined;
  /**
   * Global Privacy Control (https://privacycg.github.io/gpc-spec/): where the visitor has it on, nothing is tracked or stored, unless this is `ignore`.
   */
  gpc?: 'ignore' | undefined;
  /** Only its type is used; a type argument does the same without the object. */
  catalogue?: Site | undefined;
}

declare global {
  interface Window {
    millrace?: Tracker;
  }
}

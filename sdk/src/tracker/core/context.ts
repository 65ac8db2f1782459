import type { Store } from '../browser/store.js';
import type { Identity, Person } from '../identity/identity.js';
import type { Stream } from '../identity/stream.js';
import type { Draft, PluginContext } from '../plugin.js';
import type { Entry } from '../queue/entry.js';
import type { Sender, SenderPorts } from '../send/sender.js';
import type { TrackerOptions } from '../types.js';

/** What an event says of itself as JSON, before it has its visitor and its place: members, without braces. */
export interface Facts {
  _fields: string;
  _properties: string;
}

/** An event that has its place in a stream. */
export interface Placed {
  _entry: Entry;
  _person: Person;
}

/** The views of a page, one at a time. */
export interface Views {
  /** The route of the last view. */
  _shown?: string;
  /** Shows a view, or says more of the one that is shown. */
  _show(fields?: unknown, at?: number, referrer?: string): void;
  /** The view is final, as it is now at this address. */
  _close(href?: string): void;
}

/**
 * The tracker context: what the tracker's own modules get. Its private names begin with `_`, and the build mangles
 * exactly those. Each member says which module sets it, so the order of the modules decides nothing, except that
 * `defaults` comes first and `consent` before `cookie`.
 */
export interface TrackerContext extends PluginContext, SenderPorts {
  _options: TrackerOptions;
  _store: Store;
  _stream: Stream;
  _identity: Identity;
  _sender: Sender;

  /** Does work that stores something. Set by `consent`, which keeps it until the visitor allows it. */
  _whenAllowed<T>(work: () => T): T | undefined;
  /** Turns what a page passed to `track` into fields of the schema. Set by `defaults`, `clean`. */
  _clean(event: unknown, fields: unknown): Draft;
  /** An event, with all that modules and plugins added, as JSON. Set by `defaults`, `clean`. */
  _factsOf(draft: Draft): Facts;
  /** Set by `defaults`, `platform`. */
  _platform: Pick<Draft, 'os' | 'device'>;
  /** The name of the page with this path, of the document when left out. Set by `defaults`, `naming`. */
  _pageName(path?: string): string;
  /** Names the page. Set by `naming`. */
  _namePage?(page: unknown): void;

  /** Set by `pages`, `views`. */
  _views?: Views;
  /** The view that is shown has its final name. Set by `pages`, `views`. */
  _closeView?(): void;

  /** The call `track`. */
  _track(event: unknown, fields?: unknown, at?: number): void;
  /** Completes an event, and asks the plugins. False for one without a name, or that a plugin dropped. */
  _prepare(draft: Draft): Facts | false;
  /** Numbers an event. `isFinal` stores it, too. Undefined for a visitor who is not in the sample. */
  _place(facts: Facts, at: number, isFinal?: boolean): Placed | undefined;
  /** Stores an event. */
  _keep(entry: Entry): void;

  /** Adds the drop counts to an event; returns what to call when it is stored. Set by `reports`. */
  _addDropCounts?(facts: Facts): (() => void) | undefined;
}

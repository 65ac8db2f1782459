import { heldMs } from '../bounds.js';
import { abs, filter, flatMap, map, split } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { now } from '../browser/time.js';
import { type Entry, million } from './entry.js';

/** One stored text, as its name describes it: one event, or several consecutive ones of a stream. */
export interface Stored extends Omit<Entry, 'text'> {
  _name: string;
  _events: number;
  /** Characters of name and text. */
  _chars: number;
}

/**
 * `e.<stream>.<1000000 + seq>.<time>.<chars>.<events>`, of the first event. The name is enough to count, order and
 * bound the queue without reading texts. Sorted as text, a stream's events are in their order whatever the clock did.
 */
export const nameOf = ({ stream, seq, at, text }: Entry, events = 1): string =>
  `e.${stream}.${million + seq}.${at}.${text.length}.${events}`;

/** Reads a name that `nameOf` made. */
export function storedOf(name: string): Stored {
  const [, stream, place, at, chars, events] = split(name, '.') as [string, string, string, string, string, string];
  return {
    _name: name,
    stream,
    seq: +place - million,
    at: +at,
    _events: +events || 1,
    _chars: +chars + name.length,
  };
}

/** The name of a view that its page may still amend: it has no events yet. */
export const heldName = (entry: Entry): string => nameOf(entry, 0);

/** Whether a stored text is complete. What a page holds longer than `heldMs` it has left behind. */
export const isComplete = (name: string): boolean => !/\.0$/.test(name) || abs(now() - storedOf(name).at) > heldMs;

/** An event, and the text that it was read from. */
export type StoredEntry = Entry & Stored;

/** The events of stored texts. */
export const entriesOf = (names: readonly string[], texts: readonly string[]): StoredEntry[] =>
  flatMap(names, (name, place) => {
    const first = storedOf(name);
    return map(split(texts[place]!, '\n'), (text, index) => ({
      ...first,
      seq: first.seq + index,
      at: +split(text, '{')[0]!,
      text,
    }));
  });

/** The names of what waits in the store, without what the browser does not let us read. */
export const waitingNames = (store: Store): string[] => filter(store._names('e.'), store._get);

/** The events in the store under these names. */
export const storedEntries = (store: Store, names: readonly string[]): StoredEntry[] =>
  entriesOf(names, map(names, store._get) as string[]);

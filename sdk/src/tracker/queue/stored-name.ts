import { heldMs } from '../bounds.js';
import { abs, map, split } from '../browser/builtins.js';
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
export const nameOf = (stream: string, seq: number, at: number, chars: number, events = 1): string =>
  `e.${stream}.${million + seq}.${at}.${chars}.${events}`;

/** Reads a name that `nameOf` made. */
export function storedOf(name: string): Stored {
  const [, stream, ...numbers] = split(name, '.') as [string, string];
  const [place, at, chars, events] = map(numbers, (number) => +number) as [number, number, number, number];
  return { _name: name, stream, seq: place - million, at, _events: events || 1, _chars: chars + name.length };
}

/** The name of a view that its page may still amend: it has no events yet. */
export const heldName = ({ stream, seq, at, text }: Entry): string => nameOf(stream, seq, at, text.length, 0);

/** Whether a stored text is complete. What a page holds longer than `heldMs` it has left behind. */
export const isComplete = (name: string): boolean => !/\.0$/.test(name) || abs(now() - storedOf(name).at) > heldMs;

/** The events of one stored text. */
export function entriesOf(name: string, joined: string): Entry[] {
  const first = storedOf(name);
  return map(split(joined, '\n'), (text, index) => ({
    ...first,
    seq: first.seq + index,
    at: +split(text, '{')[0]!,
    text,
  }));
}

/** A tracked event as it waits. */
export interface Entry {
  stream: string;
  seq: number;
  at: number;
  /** The event as JSON, in one line. */
  line: string;
}

/** One stored text: a line, or several that follow one another in a stream. */
export interface Stored extends Omit<Entry, 'line'> {
  name: string;
  events: number;
  /** Of name and text. */
  chars: number;
}

/** Added to a seq in a name, so that all have as many digits. */
const million = 1e6;

/**
 * `e.<stream>.<1000000 + seq>.<time>.<chars>.<events>`, of the first line: says what is needed to count, order and bound the queue without reading it.
 * Sorted as text, a stream's events are in their order whatever the clock did.
 */
export const nameOf = (stream: string, seq: number, at: number, chars: number, events = 1) =>
  `e.${stream}.${million + seq}.${at}.${chars}.${events}`;

export function storedOf(name: string): Stored {
  const [, stream = '', ...numbers] = name.split('.');
  const [place = million, at = 0, chars = 0, events = 1] = numbers.map(Number);
  return { name, stream, seq: place - million, at, events, chars: chars + name.length };
}

export function entriesOf(name: string, text: string): Entry[] {
  const { stream, seq, at } = storedOf(name);
  return text.split('\n').map((line, index) => ({ stream, seq: seq + index, at, line }));
}

/** A tracked event as it waits. */
export interface Entry {
  stream: string;
  seq: number;
  at: number;
  /**
   * `at`, then the event as a JSON object without what follows from that and from its place: making its id and its time in letters would be a good part of
   * what an event costs the page.
   */
  text: string;
}

/** One stored text: a line, or several that follow one another in a stream. */
export interface Stored extends Omit<Entry, 'text'> {
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
  const [, stream, ...numbers] = name.split('.') as [string, string];
  const [place, at, chars, events] = numbers.map(Number) as [number, number, number, number];
  return { name, stream, seq: place - million, at, events, chars: chars + name.length };
}

export function entriesOf(name: string, texts: string): Entry[] {
  const first = storedOf(name);
  return texts.split('\n').map((text, index) => ({ ...first, seq: first.seq + index, at: +text.split('{')[0]!, text }));
}

/**
 * The whole event as JSON, in one line. Whoever makes it, it is the same; a text that is no event stays what it is, for the server to set aside. Its id
 * is a UUIDv7 (RFC 9562, 5.7): its time, then its number as the counter (6.2, method 1), then the random digits of its stream.
 */
export function lineOf({ stream, seq, at, text }: Entry): string {
  const start = text.indexOf('{');
  if (start < 1) return text;
  const ms = at.toString(16).padStart(12, '0');
  const count = `${million + seq}`;
  const id = `${ms.slice(0, 8)}-${ms.slice(8)}-7${count.slice(1, 4)}-8${count.slice(4)}-${stream.slice(-12)}`;
  // Unlike `toISOString` it takes any number.
  return `${text.slice(start, -1)},"event_id":"${id}","event_time":"${new Date(at).toJSON()}","stream_id":"${stream}","seq":${seq}}`;
}

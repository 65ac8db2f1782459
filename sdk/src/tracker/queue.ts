import { attempt } from './attempt.js';
import { batchChars, batchEvents, bridgeChars, commitMs, queueAgeMs, queueChars, queueEvents } from './bounds.js';
import type { DropReason, Drops } from './drops.js';
import { endRun, readRuns } from './runs.js';
import { bridgeShelf, openShelf } from './shelf.js';
import type { Store } from './store.js';

/** A run of one stream's events that travels in one request; the same through every retry, by whichever tab. */
export interface Batch {
  /** `<stream>.<first seq>.<last seq>`: says itself which events it is, so a retry cannot have another. */
  id: string;
  stream: string;
  first: number;
  last: number;
  /** JSON Lines, one event each. */
  lines: string[];
}

export interface Queue {
  /** Stores an event under a name of its own: the cost does not grow with the queue. */
  append(stream: string, seq: number, now: number, line: string): void;
  /** Brings what is in localStorage and memory into IndexedDB. Settles when it is there, or cannot be. */
  commit(): Promise<void>;
  /** The next batch to send, of the oldest events; undefined when nothing waits. */
  next(): Promise<Batch | undefined>;
  /** The server has the batch, or will never take it: forgets it and its events. With a reason they are counted as dropped. */
  done(batch: Batch, reason?: DropReason): Promise<void>;
  /** The batch is too much for one request: its events go in smaller ones from now on. */
  split(batch: Batch): void;
  /** Forgets what waits, and everything else that is stored. */
  clear(): void;
}

/** A stored event. Its name says what is needed to count, order and bound the queue without reading it. */
export interface Entry {
  name: string;
  stream: string;
  seq: number;
  at: number;
  chars: number;
  line: string;
}

const text = (number: number) => number.toString(36).padStart(6, '0');

/** `e.<stream>.<seq>.<time>.<chars>`, base 36: sorted as text, a stream's events are in their order whatever the clock did. */
const nameOf = (stream: string, seq: number, at: number, line: string) =>
  ['e', stream, text(seq), text(at), text(line.length)].join('.');

function entryOf(name: string, line = ''): Entry {
  const [, stream = '', ...numbers] = name.split('.');
  const [seq = 0, at = 0, chars = 0] = numbers.map((number) => Number.parseInt(number, 36));
  return { name, stream, seq, at, chars: chars + name.length, line };
}

/** @param last where the batch ends, when that is not its last event */
export function batchOf(
  entries: readonly Pick<Entry, 'stream' | 'seq' | 'line'>[],
  last = entries[entries.length - 1]!.seq,
): Batch {
  const { stream, seq: first } = entries[0]!;
  return { id: `${stream}.${first}.${last}`, stream, first, last, lines: entries.map(({ line }) => line) };
}

/**
 * An event is written to localStorage at once, which survives a navigation and a crash of the page, and a moment later, with those beside it, to
 * IndexedDB, which survives a kill of the browser; then the first copy goes. Without IndexedDB the first copy is the queue.
 * @param database its name
 * @param committed told after each commit
 */
export function createQueue(store: Store, drops: Drops, database: string, committed: () => void): Queue {
  let shelf = openShelf(database);
  let maxChars = queueChars;
  /** In localStorage since the last commit, and in the queue since its bounds were looked at, in characters. */
  let bridged = 0;
  let untrimmed = queueChars;
  let maxEvents = batchEvents;
  let timer: unknown;
  let underWay = Promise.resolve();

  /** An IndexedDB that fails once is not asked again: a disk that is full still gives what it cannot remove. */
  const withoutShelf = () => {
    shelf = bridgeShelf(store);
    maxChars = bridgeChars;
  };

  /** Drops what is too old and, beyond the bounds, the oldest. */
  async function trim(): Promise<void> {
    // Looking at all of it is dear, so only now and then.
    if (untrimmed < maxChars / 16) return;
    untrimmed = 0;
    const all = (await shelf.head())[0].map((name) => entryOf(name));
    let events = all.length;
    let chars = 0;
    for (const entry of all) chars += entry.chars;
    let last = '';
    for (const entry of all) {
      const isOld = Date.now() - entry.at > queueAgeMs;
      if (!isOld && events <= queueEvents && chars <= maxChars) break;
      drops.count(isOld ? 'old' : 'full');
      events--;
      chars -= entry.chars;
      last = entry.name;
    }
    if (last) await shelf.remove('e.', last);
  }

  const stored = (names: readonly string[]) =>
    names.map((name) => ({ ...entryOf(name, store.get(name)), loose: store.isLoose(name) }));

  async function commitNow(): Promise<void> {
    // What the browser does not let us read stays where it is.
    const names = store.names('e.').filter(store.get);
    bridged = 0;
    try {
      if (names.length && (await shelf.put(stored(names)))) names.forEach(store.remove);
    } catch {
      withoutShelf();
    }
    committed();
    await trim();
  }

  /** What is tracked meanwhile goes with the next one. */
  function commit(): Promise<void> {
    clearTimeout(timer as number);
    timer = undefined;
    underWay = underWay.then(commitNow).catch(() => {});
    return underWay;
  }

  return {
    append(stream, seq, now, line) {
      const name = nameOf(stream, seq, now, line);
      bridged += line.length;
      untrimmed += line.length;
      // One burst may not fill the site's storage; without IndexedDB what is there already counts, too.
      store.set(name, line, bridged > maxChars / 18);
      timer = timer || attempt(() => setTimeout(commit, commitMs));
    },
    commit() {
      // A page that dies now loses what is only in its memory, unless that is written before anything is waited for.
      const loose = store.names('e.').filter(store.isLoose);
      if (loose.length) shelf.put(stored(loose)).catch(() => {});
      return commit();
    },
    async next() {
      await commit();
      const [names, lines] = await shelf.head(batchEvents);
      const entries = names.map((name, index) => entryOf(name, lines[index]));
      const oldest = entries[0];
      if (!oldest) return undefined;
      // A run that was begun ends where it ended, also when its last event is gone.
      const end = readRuns(store, oldest.stream).ends.find((seq) => seq >= oldest.seq);
      let chars = 0;
      let isWhole = entries.length < batchEvents;
      const taken: Entry[] = [];
      for (const entry of entries) {
        chars += entry.chars;
        const isOther = entry.stream !== oldest.stream || entry.seq > (end ?? entry.seq);
        if (isOther || (taken.length && (taken.length >= maxEvents || chars > batchChars))) {
          isWhole = isOther;
          break;
        }
        taken.push(entry);
      }
      return batchOf(taken, isWhole ? end : undefined);
    },
    async done(batch, reason) {
      const { stream, first, last, lines } = batch;
      if (reason) drops.count(reason, lines.length);
      await shelf.remove(`e.${stream}.${text(first)}`, `e.${stream}.${text(last)}/`).catch(withoutShelf);
      // Last, so that a page that dies in between repeats the same batch.
      endRun(store, batch, true);
    },
    split(batch) {
      maxEvents = Math.ceil(batch.lines.length / 2);
      endRun(store, batch, false);
    },
    clear() {
      store.names('').forEach(store.remove);
      shelf.remove('', '~').catch(() => {});
    },
  };
}

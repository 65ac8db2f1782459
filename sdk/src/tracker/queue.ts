import { attempt } from './attempt.js';
import { batchChars, batchRecords, bridgeChars, commitMs, queueAgeMs, queueChars, queueEvents } from './bounds.js';
import type { DropReason } from './drops.js';
import { type Entry, entriesOf, lineOf, nameOf, storedOf } from './entry.js';
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

/** A batch out of the queue. */
export interface Taken extends Batch {
  /** The names of the first and the last that is stored of it. */
  from: string;
  to: string;
  /** What is stored together with its last event, and is of a later batch. */
  rest: readonly Entry[];
  /** Nothing else waits. */
  isAll: boolean;
}

export interface Queue {
  /** Stores an event under a name of its own: the cost does not grow with the queue. */
  append(entry: Entry): void;
  /** Brings what is in localStorage and memory into IndexedDB. Settles when it is there, or cannot be. */
  commit(): Promise<void>;
  /**
   * Its first half. Never rejects.
   * @param atOnce without asking what was there before: for a page that may be gone before the answer comes
   * @returns the first name, if there was something
   */
  move(atOnce?: boolean): Promise<string | undefined>;
  /** The next batch to send, of the oldest events; undefined when nothing waits. */
  next(): Promise<Taken | undefined>;
  /** The server has the batch, or will never take it: forgets it and its events. With a reason they are counted as dropped. */
  done(batch: Taken, reason?: DropReason): Promise<void>;
  /** The batch is too much for one request: its events go in smaller ones from now on. */
  split(batch: Batch): void;
  /** Forgets what waits, and everything else that is stored. */
  clear(): void;
}

/** @param last where the batch ends, when that is not its last event */
export function batchOf(entries: readonly Entry[], last = entries[entries.length - 1]!.seq): Batch {
  const { stream, seq: first } = entries[0]!;
  return { id: `${stream}.${first}.${last}`, stream, first, last, lines: entries.map(lineOf) };
}

/**
 * An event is written to localStorage at once, which survives a navigation and a crash of the page, and a moment later, with those beside it, to
 * IndexedDB, which survives a kill of the browser; then the first copy goes. Without IndexedDB the first copy is the queue.
 * @param drop told what is dropped
 * @param database its name
 * @param committed told after each commit of something
 */
export function createQueue(
  store: Store,
  drop: (reason: DropReason, events: number) => void,
  database: string,
  committed: () => void,
): Queue {
  let shelf = openShelf(database);
  let maxChars = queueChars;
  /** In localStorage since the last commit, and in the queue since its bounds were looked at, in characters. */
  let bridged = 0;
  let untrimmed = queueChars;
  /** More than fit, until the server finds a batch too large. */
  let maxEvents = batchChars;
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
    const all = (await shelf.names()).map(storedOf);
    let events = 0;
    let chars = 0;
    for (const stored of all) {
      events += stored.events;
      chars += stored.chars;
    }
    let last = '';
    for (const stored of all) {
      const isOld = Date.now() - stored.at > queueAgeMs;
      if (!isOld && events <= queueEvents && chars <= maxChars) break;
      drop(isOld ? 'old' : 'full', stored.events);
      events -= stored.events;
      chars -= stored.chars;
      last = stored.name;
    }
    if (last) await shelf.remove('e.', last);
  }

  async function move(atOnce?: boolean): Promise<string | undefined> {
    // All of it is put now. Put again by a page that is about to be frozen, it would be in a transaction that does not end.
    clearTimeout(timer as number);
    timer = undefined;
    // What the browser does not let us read stays where it is.
    const names = store.names('e.').filter(store.get);
    await Promise.all(
      [true, false].map(async (areLoose) => {
        const chosen = names.filter((name) => store.isLoose(name) === areLoose);
        const entries = chosen.flatMap((name) => entriesOf(name, store.get(name)!));
        try {
          if (chosen.length && shelf.put) {
            // Only this page has those in its memory: no other tab can have put them, nor can they have left.
            await shelf.put(entries, atOnce || areLoose);
            chosen.forEach(store.remove);
          }
        } catch {
          withoutShelf();
        }
      }),
    );
    return names[0];
  }

  async function commitNow(): Promise<void> {
    bridged = 0;
    if (await move()) committed();
    await trim();
  }

  /** What is tracked meanwhile goes with the next one. */
  function commit(): Promise<void> {
    underWay = underWay.then(commitNow).catch(() => {});
    return underWay;
  }

  return {
    append({ stream, seq, at, text }) {
      bridged += text.length;
      untrimmed += text.length;
      // One burst may not fill the site's storage; without IndexedDB what is there already counts, too.
      store.set(nameOf(stream, seq, at, text.length), text, bridged > maxChars / 24);
      timer = timer || attempt(() => setTimeout(commit, commitMs));
    },
    commit,
    move,
    async next() {
      await commit();
      const stored = (await shelf.names(batchRecords)).map(storedOf);
      const oldest = stored[0];
      if (!oldest) return undefined;
      // A run that was begun ends where it ended, also when its last event is gone.
      const end = readRuns(store, oldest.stream)
        .slice(1)
        .find((seq) => seq >= oldest.seq);
      // Without an end no `seq` is behind it.
      const isOther = ({ stream, seq }: Pick<Entry, 'stream' | 'seq'>) => stream !== oldest.stream || seq > end!;
      let chars = 0;
      // At least one, however long.
      const near = stored.filter((its) => {
        chars += its.chars;
        return chars <= batchChars || its === oldest;
      });
      const found = await shelf.read(near[near.length - 1]!.name);
      const taken = found.filter((entry, index) => !isOther(entry) && index < maxEvents);
      const next = found[taken.length] ?? stored[near.length];
      const isWhole = next ? isOther(next) : stored.length < batchRecords;
      const batch = batchOf(taken, isWhole ? end : undefined);
      const begun = near.filter(({ stream, seq }) => stream === batch.stream && seq <= batch.last);
      const final = begun.pop()!;
      const rest = found
        .slice(taken.length)
        .filter(({ stream, seq }) => stream === batch.stream && seq < final.seq + final.events);
      return { ...batch, from: oldest.name, to: final.name, rest, isAll: isWhole && !next };
    },
    async done(batch, reason) {
      if (reason) drop(reason, batch.lines.length);
      try {
        // First, so that a page that dies in between has something twice and loses nothing.
        if (batch.rest.length) await shelf.put!(batch.rest, true);
        await shelf.remove(batch.from, batch.to);
      } catch {
        withoutShelf();
      }
      // Last, so that a page that dies in between repeats the same batch.
      endRun(store, batch, true);
    },
    split(batch) {
      // Half of one counts as one.
      maxEvents = batch.lines.length / 2;
      endRun(store, batch, false);
    },
    clear() {
      store.names('').forEach(store.remove);
      shelf.remove('', '~').catch(() => {});
    },
  };
}

import { batchChars, commitMs, queueChars, streamsRemembered, webStorageChars } from '../bounds.js';
import { after } from '../browser/after.js';
import { attempt } from '../browser/attempt.js';
import { each, part } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { later } from '../browser/time.js';
import type { Batch } from './batch.js';
import type { DropReason } from './drop-reason.js';
import type { Entry } from './entry.js';
import { type EventDatabase, openEventDatabase } from './event-database.js';
import { nextBatch, type QueuedBatch } from './next-batch.js';
import { endRun } from './runs.js';
import { nameOf, storedEntries, waitingNames } from './stored-name.js';
import { trim } from './trim.js';
import { webStorageDatabase } from './web-storage-database.js';

/** The events that wait to be sent. */
export interface Queue {
  /** Stores an event under a name of its own: the cost does not grow with the queue. */
  _append(entry: Entry): void;
  /**
   * Moves what is in localStorage and memory into IndexedDB, and trims it. Settles when done or failed; never rejects.
   */
  _commit(): Promise<void>;
  /**
   * The first half of a commit. Never rejects.
   * @param atOnce without looking what was there before: for a page that may be gone before the answer comes
   * @returns the first name moved; undefined when there was none
   */
  _move(atOnce?: boolean): Promise<string | undefined>;
  /** The next batch to send, of the oldest events; undefined when none waits. */
  _next(): Promise<QueuedBatch | undefined>;
  /** Removes a batch that the server has, or will never take. With a `reason` its events count as dropped. */
  _done(batch: QueuedBatch, reason?: DropReason): Promise<void>;
  /** The batch is too large for one request: its events go in smaller ones from now on. */
  _split(batch: Batch): void;
  /** Where the events wait now: elsewhere after a failure. */
  _database(): EventDatabase;
}

/**
 * An event is written to localStorage at once, which survives a navigation and a crash of the page. A moment later it
 * moves, with those beside it, to IndexedDB, which survives a kill of the browser. Without IndexedDB the first copy is
 * the queue.
 * @param drop called for what is dropped
 * @param name the IndexedDB's
 * @param committed called after each commit of something
 */
export function createQueue(
  store: Store,
  drop: (reason: DropReason, events: number) => void,
  name: string,
  committed: () => void,
): Queue {
  let database = openEventDatabase(name, store._isMemoryOnly);
  let maxChars = queueChars;
  /** Characters in localStorage since the last commit, and in the queue since the last trim. */
  let uncommitted = 0;
  let untrimmed = queueChars;
  /** More than fit, until the server finds a batch too large. */
  let maxEvents = batchChars;
  let timer: unknown;
  let underWay: Promise<void> | undefined;

  const databaseNow = () => database;

  /** An IndexedDB that fails once is not used again: a full disk would still return events that it cannot remove. */
  const fallBack = () => {
    database = webStorageDatabase(store);
    maxChars = webStorageChars;
  };

  async function move(atOnce?: boolean): Promise<string | undefined> {
    // Everything is put now. A second put, by a page about to be frozen, would leave a transaction open.
    clearTimeout(timer as number);
    timer = undefined;
    const names = waitingNames(store);
    try {
      if (names.length && database._put) {
        // Only this page has those in memory: no other tab can have put them, nor can they have left.
        await database._put(storedEntries(store, names), atOnce);
        each(names, store._remove);
      }
    } catch (error) {
      if (error) fallBack();
    }
    return names[0];
  }

  async function commitNow(): Promise<void> {
    uncommitted = 0;
    if (await move()) committed();
    // Looking at the whole queue is expensive, so only now and then.
    if (untrimmed < maxChars / 16) return;
    untrimmed = 0;
    each(part(store._names('r.'), 0, -streamsRemembered), store._remove);
    await trim(database, maxChars, drop);
  }

  /** Events tracked meanwhile go with the next commit. */
  function commit(): Promise<void> {
    underWay = after(underWay, commitNow);
    return underWay;
  }

  return {
    _append(entry) {
      const { text } = entry;
      uncommitted += text.length;
      untrimmed += text.length;
      // One burst must not fill the site's storage; without IndexedDB what is there already counts, too.
      store._set(nameOf(entry), text, uncommitted > maxChars / 24);
      timer = timer || attempt(() => later(commit, commitMs));
    },
    _commit: commit,
    _move: move,
    // Not async: an async function hands a promise on by its `then`, which the page may have replaced.
    _next: () => nextBatch(store, commit(), databaseNow, maxEvents),
    async _done(batch, reason) {
      if (reason) drop(reason, batch.lines.length);
      try {
        // First the rest, so that a page that dies in between has it twice and loses nothing.
        if (batch._rest.length) await database._put!(batch._rest, true);
        await database._remove(batch._from, batch._to);
      } catch {
        fallBack();
      }
      // Last, so that a page that dies in between repeats the same batch.
      endRun(store, batch, true);
    },
    _split(batch) {
      // Half of one counts as one.
      maxEvents = batch.lines.length / 2;
      endRun(store, batch, false);
    },
    _database: databaseNow,
  };
}

import { attempt } from './attempt.js';
import { openMs, recordEvents, streamsRemembered } from './bounds.js';
import { type Entry, entriesOf, nameOf } from './entry.js';
import type { Store } from './store.js';

/** Where the events wait, in the order of their names. Each call is one transaction, and rejects where the browser does not take it. */
export interface Shelf {
  /**
   * Missing where it has no copies of its own.
   * @param atOnce whatever was here before
   */
  put?(entries: readonly Entry[], atOnce?: boolean): Promise<unknown>;
  /** The names of what is stored, the first or all. */
  names(count?: number): Promise<string[]>;
  /** The events from the first to those stored under this name. */
  read(last: string): Promise<Entry[]>;
  /** Removes what is stored under the names from `first` to `last`. */
  remove(first: string, last: string): Promise<unknown>;
}

/** Events that follow one another are one record, because it is records that cost: each is a message there, one back and a task. */
function putAll(events: IDBObjectStore, entries: readonly Entry[]): IDBObjectStore {
  let run: Entry[] = [];
  entries.forEach((entry, index) => {
    run.push(entry);
    const next = entries[index + 1];
    if (next?.stream === entry.stream && next.seq === entry.seq + 1 && run.length < recordEvents) return;
    const { stream, seq, at } = run[0]!;
    const texts = run.map(({ text }) => text).join('\n');
    events.put(texts, nameOf(stream, seq, at, texts.length, run.length));
    run = [];
  });
  return events;
}

/**
 * The events in IndexedDB, where they outlive the browser's process; shared by all tabs. `put` takes nothing again that was here before, also when it has
 * left since: a tab that commits late, or a localStorage that fell back to an older state when the browser was killed, brings nothing back. For that `m`
 * keeps how far the newest streams have come.
 * @param name the database
 */
export function openShelf(name: string): Shelf {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;

  const open = () =>
    new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      // Some browsers never answer in private windows or after a crash.
      setTimeout(reject, openMs);
      request.onerror = reject;
      request.onupgradeneeded = () => attempt(() => request.result.createObjectStore('e'), reject);
      request.onsuccess = () => {
        database = request.result;
        // Who removes the database need not wait for us.
        database.onversionchange = () => database!.close();
        resolve();
      };
    });

  /**
   * At once when the database is open, so that a page that is leaving gets its last writes in; and committed without waiting for answers, because a page
   * that is frozen in a transaction holds up the next page's, and is thrown out of the back/forward cache for it.
   * @param work gets `then`, which goes on with a request's result: what fails there undoes all
   */
  const run = <T>(
    work: (events: IDBObjectStore, then: <R>(request: IDBRequest<R>, go: (result: R) => void) => undefined) => T,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const begin = () => {
        // "Relaxed": written to the system, not synced, so it outlives the browser and costs no disk flush.
        const transaction = database!.transaction('e', 'readwrite', { durability: 'relaxed' });
        const abort = () => transaction.abort();
        // Follows every error, too.
        transaction.onabort = reject;
        const result = work(transaction.objectStore('e'), (request, go) => {
          request.onsuccess = () => attempt(() => go(request.result), abort);
        });
        // Missing in Safari 14.
        if (result) transaction.commit?.();
        transaction.oncomplete = () => resolve(result);
      };
      // Not opened before it is needed: nothing is stored while consent is pending.
      opening = opening || open();
      if (database) begin();
      else opening.then(begin).catch(reject);
    });

  return {
    put: (entries, atOnce) =>
      run((events, then) => {
        if (atOnce) return putAll(events, entries);
        return then(events.get('m') as IDBRequest<Record<string, number> | undefined>, (marks = {}) => {
          const news = entries.filter(({ stream, seq }) => {
            // Also without a mark.
            const isNew = !(seq <= marks[stream]!);
            if (isNew) marks[stream] = seq;
            return isNew;
          });
          putAll(events, news);
          events.put(Object.fromEntries(Object.entries(marks).slice(-streamsRemembered)), 'm');
        });
      }),
    names: (count) =>
      run((events) => events.getAllKeys(IDBKeyRange.bound('e.', 'e/'), count)).then(({ result }) => result as string[]),
    read: (last) =>
      run((events) => {
        const range = IDBKeyRange.bound('e.', last);
        return [events.getAllKeys(range), events.getAll(range)] as const;
      }).then(([names, texts]) =>
        names.result.flatMap((name, index) => entriesOf(name as string, texts.result[index])),
      ),
    remove: (first, last) => run((events) => events.delete(IDBKeyRange.bound(first, last))),
  };
}

/** The events where they were written first, for browsers without IndexedDB. */
export function bridgeShelf(store: Store): Shelf {
  const names = () => store.names('e.').filter(store.get);
  return {
    names: async (count) => names().slice(0, count),
    read: async (last) =>
      names()
        .filter((name) => name <= last)
        .flatMap((name) => entriesOf(name, store.get(name)!)),
    async remove(first, last) {
      for (const name of names()) if (name >= first && name <= last) store.remove(name);
    },
  };
}

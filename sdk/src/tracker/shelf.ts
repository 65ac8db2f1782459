import { attempt } from './attempt.js';
import { openMs } from './bounds.js';
import type { Store } from './store.js';

/** A stream's mark is kept this long after the stream began: ids begin with their time. */
const marksMs = 24 * 60 * 60 * 1000;

/** An event under its name, `e.<stream>.<seq>…`. */
export interface Stored {
  name: string;
  stream: string;
  seq: number;
  line: string;
  /** Only this page has it, in its memory. */
  loose: boolean;
}

/** Where the events wait, in the order of their names. Each call is one transaction, and rejects where the browser does not take it. */
export interface Shelf {
  /** @returns whether it has copies of its own now */
  put(events: readonly Stored[]): Promise<boolean>;
  /** The first names and lines; of all, no lines. */
  head(count?: number): Promise<[names: string[], lines: string[]]>;
  /** Removes the names from `first` to `last`. */
  remove(first: string, last: string): Promise<unknown>;
}

/**
 * The events in IndexedDB, where they outlive the browser's process; shared by all tabs. `put` takes nothing again that was here before, also when it has
 * left since: a tab that commits late, or a localStorage that fell back to an older state when the browser was killed, brings nothing back. For that it
 * keeps a mark for each stream, `m.<stream>`: how far it has come.
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
        const forgotten = (Date.now() - marksMs).toString(36);
        run((events) => events.delete(IDBKeyRange.bound('m.', `m.${forgotten}`))).catch(() => {});
        resolve();
      };
    });

  /** At once when the database is open, so that a page that is leaving gets its last writes in. */
  const run = <T>(work: (events: IDBObjectStore, transaction: IDBTransaction) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const begin = () => {
        // "Relaxed": written to the system, not synced, so it outlives the browser and costs no disk flush.
        const transaction = database!.transaction('e', 'readwrite', { durability: 'relaxed' });
        transaction.onabort = transaction.onerror = reject;
        const result = work(transaction.objectStore('e'), transaction);
        transaction.oncomplete = () => resolve(result);
      };
      // Not opened before it is needed: nothing is stored while consent is pending.
      opening = opening || open();
      if (database) begin();
      else opening.then(begin).catch(reject);
    });

  return {
    put: (entries) =>
      run((events, transaction) => {
        const streams = new Set<string>();
        for (const { name, stream, line, loose } of entries) {
          // No other tab can have put it, nor can it have left.
          if (loose) events.put(line, name);
          else streams.add(stream);
        }
        for (const stream of streams) {
          const mark = events.get(`m.${stream}`);
          const putNew = () => {
            let top = mark.result ?? -1;
            for (const { name, stream: its, seq, line, loose } of entries) {
              if (its !== stream || loose || seq <= top) continue;
              events.put(line, name);
              top = seq;
            }
            events.put(top, `m.${stream}`);
          };
          mark.onsuccess = () => attempt(putNew, () => transaction.abort());
        }
        if (!streams.size) transaction.commit();
        return true;
      }),
    head: (count) =>
      run((events) => {
        const range = IDBKeyRange.bound('e.', 'e/');
        return [events.getAllKeys(range, count), count ? events.getAll(range, count) : undefined] as const;
      }).then(([names, lines]) => [names.result as string[], lines?.result ?? []]),
    remove: (first, last) => run((events) => events.delete(IDBKeyRange.bound(first, last))),
  };
}

/** The events where they were written first, for browsers without IndexedDB. */
export function bridgeShelf(store: Store): Shelf {
  return {
    put: async () => false,
    async head(count) {
      const names = store.names('e.').filter(store.get).slice(0, count);
      return [names, names.map(store.get) as string[]];
    },
    async remove(first, last) {
      for (const name of store.names('e.')) if (name >= first && name <= last) store.remove(name);
    },
  };
}

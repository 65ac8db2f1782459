import { openMs, recordEvents, streamsRemembered } from '../bounds.js';
import { attempt } from '../browser/attempt.js';
import { each, filter, join, keysOf, map, part, push } from '../browser/builtins.js';
import { later } from '../browser/time.js';
import type { Entry } from './entry.js';
import { entriesOf, nameOf, type StoredEntry } from './stored-name.js';

/** Where the events wait, in the order of their names. Each call is one transaction, and rejects when it fails. */
export interface EventDatabase {
  /**
   * Adds events that were never here. Missing where the database is the first copy itself.
   * @param atOnce adds all without looking whether they were here before
   */
  _put?(entries: readonly StoredEntry[], atOnce?: boolean): Promise<unknown>;
  /** The stored names: the first `count`, or all. */
  _names(count?: number): Promise<string[]>;
  /** The events from the first to those stored as `last`. */
  _read(last: string): Promise<StoredEntry[]>;
  /** Removes what is stored from name `first` to name `last`. */
  _remove(first: string, last: string): Promise<unknown>;
}

/** Stores consecutive events as one record, because records cost: each is a message there, one back and a task. */
function putAll(events: IDBObjectStore, entries: readonly Entry[]): IDBObjectStore {
  let run: Entry[] = [];
  each(entries, (entry, index) => {
    push(run, entry);
    const next = entries[index + 1];
    if (next?.stream === entry.stream && next.seq === entry.seq + 1 && run.length < recordEvents) return;

    const text = join(
      map(run, ({ text }) => text),
      '\n',
    );
    events.put(text, nameOf({ ...run[0]!, text }, run.length));
    run = [];
  });
  return events;
}

/**
 * The events in the IndexedDB `name`, where they outlive the browser's process, shared by all tabs. `_put` takes no
 * event twice, also when it has left since: neither a tab that commits late nor a localStorage that fell back to an
 * older state brings an event back. For that the record `m` keeps how far the newest streams have come.
 * @param isOwn whether a text, by its name, is known to this page alone, and so cannot have been there before
 */
export function openEventDatabase(name: string, isOwn: (name: string) => boolean): EventDatabase {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;
  /** Aborts the last transaction that waits for an answer of its own. */
  let stop: (() => void) | undefined;

  const open = () =>
    new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      // Some browsers never answer in private windows or after a crash.
      later(() => reject(1), openMs);
      request.onerror = reject;
      request.onupgradeneeded = () => attempt(() => request.result.createObjectStore('e'), reject);
      request.onsuccess = () => {
        database = request.result;
        // Whoever deletes the database need not wait for us.
        database.onversionchange = () => database!.close();
        resolve();
      };
    });

  /**
   * Runs a transaction at once when the database is open, so that a page exit gets its last writes in. It commits
   * without waiting for answers: a page frozen in a transaction blocks the next page's, and loses its place in the
   * back/forward cache.
   * @param work gets `then`, which continues with a request's result; an error there undoes the transaction
   */
  const run = async <T>(
    work: (events: IDBObjectStore, then: <R>(request: IDBRequest<R>, go: (result: R) => void) => undefined) => T,
  ): Promise<T> => {
    if (!database) {
      // Opened by the first event only: nothing is stored while consent is pending.
      opening = opening || open();
      await opening;
    }
    // Awaited, because a promise that is returned is handed on by its `then`, which the page may have replaced.
    return await new Promise((resolve, reject) => {
      // "Relaxed" writes to the system without a sync: it outlives the browser, and costs no disk flush.
      const transaction = database!.transaction('e', 'readwrite', { durability: 'relaxed' });
      const end = (why?: unknown) => {
        clearTimeout(timer as number);
        reject(why);
        attempt(() => transaction.abort());
      };
      // It waits for those before it: also for that of a page that was frozen in one.
      const timer = later(() => end(1), openMs);
      // Follows every error, too.
      transaction.onabort = end;
      const result = work(transaction.objectStore('e'), (request, go) => {
        request.onsuccess = () => attempt(() => go(request.result), end);
      });
      // Missing in Safari 14.
      if (result) transaction.commit?.();
      else stop = end;
      transaction.oncomplete = () => {
        clearTimeout(timer as number);
        resolve(result);
      };
    });
  };

  return {
    _put: (entries, atOnce) =>
      run((events, then) => {
        if (atOnce) {
          stop?.();
          return putAll(events, entries);
        }
        return then(events.get('m') as IDBRequest<Record<string, number> | undefined>, (marks = {}) => {
          const added = filter(entries, ({ stream, seq, _name }) => {
            if (isOwn(_name)) return true;
            // Written so that it is true without a mark, too.
            const isNew = !(seq <= marks[stream]!);
            if (isNew) marks[stream] = seq;
            return isNew;
          });
          putAll(events, added);
          each(part(keysOf(marks), 0, -streamsRemembered), (stream) => {
            delete marks[stream];
          });
          events.put(marks, 'm');
        });
      }),
    async _names(count) {
      const { result } = await run((events) => events.getAllKeys(IDBKeyRange.bound('e.', 'e/'), count));
      return result as string[];
    },
    async _read(last) {
      const range = IDBKeyRange.bound('e.', last);
      const [names, texts] = await run((events) => [events.getAllKeys(range), events.getAll(range)] as const);
      return entriesOf(names.result as string[], texts.result);
    },
    _remove: (first, last) => run((events) => events.delete(IDBKeyRange.bound(first, last))),
  };
}

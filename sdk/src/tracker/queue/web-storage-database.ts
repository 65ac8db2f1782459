import { each, filter, part } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import type { EventDatabase } from './event-database.js';
import { storedEntries, waitingNames } from './stored-name.js';

/** The events where they were written first, for browsers without IndexedDB. */
export function webStorageDatabase(store: Store): EventDatabase {
  const between = (first: string, last: string) => filter(waitingNames(store), (name) => name >= first && name <= last);
  return {
    _names: async (count) => part(waitingNames(store), 0, count),
    _read: async (last) => storedEntries(store, between('', last)),
    _remove: async (first, last) => each(between(first, last), store._remove),
  };
}

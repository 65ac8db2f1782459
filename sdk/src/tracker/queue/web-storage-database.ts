import type { Store } from '../browser/store.js';
import type { EventDatabase } from './event-database.js';
import { entriesOf } from './stored-name.js';

/** The events where they were written first, for browsers without IndexedDB. */
export function webStorageDatabase(store: Store): EventDatabase {
  const names = () => store._names('e.').filter(store._get);
  return {
    _names: async (count) => names().slice(0, count),
    _read: async (last) =>
      names()
        .filter((name) => name <= last)
        .flatMap((name) => entriesOf(name, store._get(name)!)),
    async _remove(first, last) {
      for (const name of names()) if (name >= first && name <= last) store._remove(name);
    },
  };
}

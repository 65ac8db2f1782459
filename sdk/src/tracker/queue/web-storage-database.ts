import { filter, flatMap, part } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import type { EventDatabase } from './event-database.js';
import { entriesOf, isComplete } from './stored-name.js';

/** The events where they were written first, for browsers without IndexedDB. */
export function webStorageDatabase(store: Store): EventDatabase {
  const names = () => filter(store._names('e.'), (name) => isComplete(name) && store._get(name));
  return {
    _names: async (count) => part(names(), 0, count),
    _read: async (last) =>
      flatMap(
        filter(names(), (name) => name <= last),
        (name) => entriesOf(name, store._get(name)!),
      ),
    async _remove(first, last) {
      for (const name of names()) if (name >= first && name <= last) store._remove(name);
    },
  };
}

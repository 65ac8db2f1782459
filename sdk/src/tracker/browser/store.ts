import { attempt } from './attempt.js';
import { cut, filter, indexOf, keysOf, map, sort } from './builtins.js';

/** Texts by name, which outlive the page where the browser lets them. Never throws. */
export interface Store {
  _get(name: string): string | undefined;
  /** Stores in the browser's storage, else in memory. `memoryOnly` leaves the storage alone. */
  _set(name: string, text: string, memoryOnly?: boolean): void;
  _remove(name: string): void;
  /** The names that begin with `start`, sorted. */
  _names(start: string): string[];
  /** Whether it is in this page's memory only. */
  _isMemoryOnly(name: string): boolean;
}

/** What is used of the Web Storage API. Its names are read with `Object.keys`: one call for all. */
export type WebStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * A store under `prefix` in a Web Storage. What the browser refuses (blocked, full) is kept in memory while the page
 * lives.
 * @param open returns the storage; it throws where storage is blocked
 */
export function createStore(open: () => WebStorage | undefined, prefix: string): Store {
  const storage = attempt(open);
  // Undefined: the browser refused to remove this name.
  const memory: Record<string, string | undefined> = { __proto__: null as never };
  const drop = (name: string, failed?: () => void) => attempt(() => storage?.removeItem(prefix + name), failed);
  return {
    _get: (name) => (name in memory ? memory[name] : attempt(() => storage?.getItem(prefix + name) ?? undefined)),
    _set(name, text, memoryOnly) {
      try {
        if (memoryOnly) throw 0;
        storage!.setItem(prefix + name, text);
        delete memory[name];
      } catch {
        // The stored text is outdated now: a later page must not find it.
        drop(name);
        memory[name] = text;
      }
    },
    _remove(name) {
      delete memory[name];
      drop(name, () => {
        memory[name] = undefined;
      });
    },
    _names(start) {
      const keys = filter(attempt(() => keysOf(storage!)) ?? [], (key) => !indexOf(key, prefix + start));
      const stored = map(keys, (key) => cut(key, prefix.length));
      const inMemory = filter(keysOf(memory), (name) => memory[name] !== undefined && !indexOf(name, start));
      return sort([...inMemory, ...filter(stored, (name) => !(name in memory))]);
    },
    _isMemoryOnly: (name) => name in memory,
  };
}

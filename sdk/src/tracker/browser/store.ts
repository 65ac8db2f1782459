import { attempt } from './attempt.js';

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
  const memory = new Map<string, string | undefined>();
  const drop = (name: string, failed?: () => void) => attempt(() => storage?.removeItem(prefix + name), failed);
  return {
    _get: (name) => (memory.has(name) ? memory.get(name) : attempt(() => storage?.getItem(prefix + name) ?? undefined)),
    _set(name, text, memoryOnly) {
      try {
        if (memoryOnly) throw 0;
        storage!.setItem(prefix + name, text);
        memory.delete(name);
      } catch {
        // The stored text is outdated now: a later page must not find it.
        drop(name);
        memory.set(name, text);
      }
    },
    _remove(name) {
      memory.delete(name);
      drop(name, () => memory.set(name, undefined));
    },
    _names(start) {
      const stored = (attempt(() => Object.keys(storage!)) ?? [])
        .filter((key) => key.startsWith(prefix + start))
        .map((key) => key.slice(prefix.length));
      return [...new Set([...stored, ...memory.keys()])]
        .filter((name) => name.startsWith(start) && !(memory.has(name) && memory.get(name) === undefined))
        .sort();
    },
    _isMemoryOnly: (name) => memory.has(name),
  };
}

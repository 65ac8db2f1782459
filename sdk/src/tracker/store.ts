import { attempt } from './attempt.js';

/** Names and texts that outlive the page where the browser lets them. Never throws. */
export interface Store {
  get(name: string): string | undefined;
  /** In the browser's storage, else in memory; `memoryOnly` leaves the storage alone. */
  set(name: string, text: string, memoryOnly?: boolean): void;
  remove(name: string): void;
  /** The names that begin with `start`, sorted. */
  names(start: string): string[];
  /** Whether only this page has it, in memory. */
  isLoose(name: string): boolean;
}

/** The part of the Web Storage API that is used. Its names are read with `Object.keys`, as one call for all of them. */
export type WebStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * A store under `prefix` in a Web Storage. What the browser does not take (blocked, full) is kept in memory, for this page's life.
 * @param open gives the storage; it throws where storage is blocked.
 */
export function createStore(open: () => WebStorage | undefined, prefix: string): Store {
  const storage = attempt(open);
  // Undefined stands for a name whose removal the browser refused.
  const memory = new Map<string, string | undefined>();
  const drop = (name: string, failed?: () => void) => attempt(() => storage?.removeItem(prefix + name), failed);
  return {
    get: (name) => (memory.has(name) ? memory.get(name) : attempt(() => storage?.getItem(prefix + name) ?? undefined)),
    set(name, text, memoryOnly) {
      try {
        if (memoryOnly) throw 0;
        storage!.setItem(prefix + name, text);
        memory.delete(name);
      } catch {
        // What was stored under this name is outdated now: a later page must not find it.
        drop(name);
        memory.set(name, text);
      }
    },
    remove(name) {
      memory.delete(name);
      drop(name, () => memory.set(name, undefined));
    },
    names(start) {
      const stored = (attempt(() => Object.keys(storage!)) ?? [])
        .filter((key) => key.startsWith(prefix + start))
        .map((key) => key.slice(prefix.length));
      return [...new Set([...stored, ...memory.keys()])]
        .filter((name) => name.startsWith(start) && !(memory.has(name) && memory.get(name) === undefined))
        .sort();
    },
    isLoose: (name) => memory.has(name),
  };
}

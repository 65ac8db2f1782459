import { attempt } from './attempt.js';

/** Names and texts that outlive the page where the browser lets them. Never throws. */
export interface Store {
  get(name: string): string | undefined;
  /** True when it is in the browser's storage, false when only memory took it. */
  set(name: string, text: string): boolean;
  remove(name: string): void;
  /** The names that begin with `start`, in no order. */
  names(start: string): string[];
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
  return {
    get: (name) =>
      memory.has(name) ? memory.get(name) : (attempt(() => storage?.getItem(prefix + name)) ?? undefined),
    set(name, text) {
      try {
        storage!.setItem(prefix + name, text);
        memory.delete(name);
        return true;
      } catch {
        // What was stored under this name is outdated now: a later page must not find it.
        attempt(() => storage?.removeItem(prefix + name));
        memory.set(name, text);
        return false;
      }
    },
    remove(name) {
      memory.delete(name);
      attempt(
        () => storage?.removeItem(prefix + name),
        () => memory.set(name, undefined),
      );
    },
    names(start) {
      const from = prefix + start;
      const found = new Set<string>();
      for (const key of attempt(() => Object.keys(storage ?? {})) ?? []) {
        if (key.startsWith(from)) found.add(key.slice(prefix.length));
      }
      for (const [name, text] of memory) {
        if (text === undefined) found.delete(name);
        else if (name.startsWith(start)) found.add(name);
      }
      return [...found];
    },
  };
}

/** Runs one piece of work at a time per name. Different names do not wait for each other. */
export interface KeyedMutex {
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Without any name locked. */
export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run(name, work) {
      const before = tails.get(name) ?? Promise.resolve();
      const result = before.then(work);
      const tail = result.catch(() => undefined);
      tails.set(name, tail);
      // The map holds only names that somebody is waiting for.
      void tail.then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
      return result;
    },
  };
}

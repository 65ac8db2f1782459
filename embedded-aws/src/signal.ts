/** Wakes everyone who waits for a change. */
export interface Signal {
  notify(): void;
  /** Resolves at the next `notify`. */
  next(): Promise<void>;
}

/** A signal that nobody waits for yet. */
export function createSignal(): Signal {
  // One promise for all who wait: a waiter that gives up leaves nothing behind.
  let wake: () => void;
  let next = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return {
    notify() {
      wake();
      next = new Promise((resolve) => {
        wake = resolve;
      });
    },
    next: () => next,
  };
}

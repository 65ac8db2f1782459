import type { LiveFeed, LiveStep } from '@millrace/demo-store';

/** Where the parts of the pipeline report the steps of events, and the live view listens. */
export interface LiveHub extends LiveFeed {
  /** Whether anybody listens: where nobody does, a step is not worth making. */
  wanted(): boolean;
  publish(step: LiveStep): void;
}

export function createLiveHub(): LiveHub {
  const listeners = new Set<(step: LiveStep) => void>();
  return {
    wanted: () => listeners.size > 0,
    publish(step) {
      for (const listener of listeners) listener(step);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

import type { Log } from './log.js';

/** What tells a process to end, from its first moment on. */
export interface End {
  /** Resolves with the first signal. */
  told: Promise<NodeJS.Signals>;
  /** Aborted with it: for what would take long, or is not worth beginning any more. */
  signal: AbortSignal;
}

/** An orchestrator kills after 10 s; what is acknowledged is safe whenever this comes. */
const lastMomentMs = 9_500;

/**
 * Listens to SIGTERM and SIGINT, and ends the process when it has not ended itself by the last moment. To be called before anything else: process 1
 * of a container hears nothing of a signal that it does not listen to, and nobody repeats it.
 */
export function listenToEnd(log: Log): End {
  const end = new AbortController();
  const told = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // A second Ctrl-C is no reason to stop draining.
        if (end.signal.aborted) return;
        log.info('closing', { signal });
        setTimeout(() => process.exit(1), lastMomentMs).unref();
        end.abort();
        resolve(signal);
      });
    }
  });
  return { told, signal: end.signal };
}

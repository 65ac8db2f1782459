type Name = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Which signals ask for the end, and what happens then. */
export interface ShutdownOptions {
  /** Which signals count; all three. */
  names?: readonly Name[];
  /** Called once, with the first signal. */
  onFirst?: (name: Name) => void;
  /**
   * The second signal ends the process with 130 at once, unless this is `ignore`: a server that drains is not hurried
   * by it.
   */
  second?: 'exit' | 'ignore';
  /** The process exits with 1 if it still runs this long after the first signal; never by default. */
  forceAfterMs?: number;
  /** A reader of the output that went away, as `| head` does, counts as a first signal, without a name. */
  output?: NodeJS.WriteStream;
}

/** A process's end, as its code sees it come. */
export interface Shutdown {
  /** Resolves with the first signal. */
  received: Promise<Name>;
  /** Aborts with it. */
  signal: AbortSignal;
  /** Stops listening: the signals end the process again. */
  release(): void;
}

/**
 * Listens for the signals that ask a process to end. A server calls this before anything else: process 1 of a container
 * hears nothing of a signal that it does not listen to, and nobody repeats it.
 *
 * On Windows only Ctrl-C (SIGINT) and a closed console window (SIGHUP) arrive; SIGTERM ends a process there without
 * asking it.
 */
export function listenForShutdown(options: ShutdownOptions = {}): Shutdown {
  const { names = ['SIGINT', 'SIGTERM', 'SIGHUP'], onFirst, second = 'exit', forceAfterMs, output } = options;
  const aborting = new AbortController();
  const { signal } = aborting;
  let resolve: (name: Name) => void;
  const received = new Promise<Name>((given) => {
    resolve = given;
  });
  const listen = (name: NodeJS.Signals) => {
    if (signal.aborted) {
      if (second === 'exit') process.exit(130);
      return;
    }
    onFirst?.(name as Name);
    if (forceAfterMs !== undefined) setTimeout(() => process.exit(1), forceAfterMs).unref();
    aborting.abort();
    resolve(name as Name);
  };
  const readerGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    aborting.abort();
  };
  for (const name of names) process.on(name, listen);
  output?.on('error', readerGone);
  return {
    received,
    signal,
    release() {
      for (const name of names) process.off(name, listen);
    },
  };
}

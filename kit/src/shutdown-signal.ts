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
  /**
   * The process that started this one, with a channel to it, closed that or died: this counts as a first SIGTERM, and
   * as no second signal.
   */
  withParent?: boolean;
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
  const {
    names = ['SIGINT', 'SIGTERM', 'SIGHUP'],
    onFirst,
    second = 'exit',
    forceAfterMs,
    withParent,
    output,
  } = options;
  const aborting = new AbortController();
  const { signal } = aborting;
  let resolve: (name: Name) => void;
  const received = new Promise<Name>((given) => {
    resolve = given;
  });
  let isParentsEnd = false;
  function onEnd(name: Name) {
    onFirst?.(name);
    if (forceAfterMs !== undefined) setTimeout(() => process.exit(1), forceAfterMs).unref();
    aborting.abort();
    resolve(name);
  }
  const listen = (name: NodeJS.Signals) => {
    if (signal.aborted) {
      // The same end: a terminal signals both, and the parent may be quicker.
      if (isParentsEnd) isParentsEnd = false;
      else if (second === 'exit') process.exit(130);
      return;
    }
    onEnd(name as Name);
  };
  const readerGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    aborting.abort();
  };
  const parentGone = () => {
    if (signal.aborted) return;
    isParentsEnd = true;
    onEnd('SIGTERM');
  };
  for (const name of names) process.on(name, listen);
  if (withParent && process.send !== undefined) {
    process.once('disconnect', parentGone);
    // The listener alone keeps no process alive.
    process.channel?.unref();
    if (!process.connected) parentGone();
  }
  output?.on('error', readerGone);
  return {
    received,
    signal,
    release() {
      for (const name of names) process.off(name, listen);
      process.off('disconnect', parentGone);
    },
  };
}

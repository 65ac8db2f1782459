/**
 * The first Ctrl-C (or SIGTERM, SIGHUP) aborts `signal`, so that a command can end cleanly; the second ends the process at once. A reader of
 * the output that went away, as `| head` does, counts as a Ctrl-C.
 */
export function stopSignal(onStop: () => void = () => {}): { signal: AbortSignal; release(): void } {
  const stopping = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
    onStop();
  };
  const readerGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stopping.abort();
  };
  for (const name of names) process.on(name, stop);
  process.stdout.on('error', readerGone);
  return {
    signal: stopping.signal,
    release() {
      for (const name of names) process.off(name, stop);
    },
  };
}

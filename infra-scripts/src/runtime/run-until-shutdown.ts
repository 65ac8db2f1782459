import { listenForShutdown } from '@millrace/kit/shutdown-signal';

/** What runs: how to end it and, if it may end by itself, what rejects then. */
export interface RunningUntilShutdown {
  close(): Promise<void>;
  failed?: Promise<never>;
}

/**
 * Starts a server, waits for Ctrl-C (or SIGTERM, SIGHUP, or the end of `npm start`), and closes it. A signal during the
 * start aborts the start, or closes the server as soon as it has started. A second Ctrl-C ends the process at once:
 * what was acknowledged is on disk anyway.
 * @param start resolves to the server; its `close` takes everything down in an order that loses nothing, also when
 * `failed` rejects. Gives up when the signal that it gets aborts
 * @throws what `start` and `failed` reject with
 */
export async function runUntilShutdown(
  log: (line: string) => void,
  start: (signal: AbortSignal) => Promise<RunningUntilShutdown>,
): Promise<void> {
  const { received, signal } = listenForShutdown({
    withParent: true,
    onFirst: () =>
      log(
        'stopping: sending on what is buffered … (Ctrl-C again ends at once; nothing acknowledged is lost either way)',
      ),
  });
  let server: RunningUntilShutdown;
  try {
    server = await start(signal);
  } catch (error) {
    // Nothing was listening yet, and what was open is closed.
    if (signal.aborted) return;
    throw error;
  }
  try {
    await Promise.race([received, ...(server.failed ? [server.failed] : [])]);
  } finally {
    await server.close();
  }
}

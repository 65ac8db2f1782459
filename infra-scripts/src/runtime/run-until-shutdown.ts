import { listenForShutdown } from '@millrace/kit/shutdown-signal';

/**
 * Starts a server, waits for Ctrl-C (or SIGTERM, SIGHUP, or the end of `npm start`), and closes it. A signal during the
 * start aborts the start, or closes the server as soon as it has started. A second Ctrl-C ends the process at once:
 * what was acknowledged is on disk anyway.
 * @param start resolves to the server; its `close` takes everything down in an order that loses nothing. Gives up when
 * the signal that it gets aborts
 */
export async function runUntilShutdown(
  log: (line: string) => void,
  start: (signal: AbortSignal) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const { received, signal } = listenForShutdown({
    withParent: true,
    onFirst: () =>
      log(
        'stopping: sending on what is buffered … (Ctrl-C again ends at once; nothing acknowledged is lost either way)',
      ),
  });
  let server: { close(): Promise<void> };
  try {
    server = await start(signal);
  } catch (error) {
    // Nothing was listening yet, and what was open is closed.
    if (signal.aborted) return;
    throw error;
  }
  await received;
  await server.close();
}

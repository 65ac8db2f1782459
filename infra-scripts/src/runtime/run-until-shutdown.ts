import { listenForShutdown } from '@millrace/kit/shutdown-signal';

/**
 * Starts a server, waits for Ctrl-C (or SIGTERM, SIGHUP), and closes it. A signal during the start counts: the server
 * closes once it has started. A second Ctrl-C ends the process at once: what was acknowledged is on disk anyway.
 * @param start resolves to the server; its `close` takes everything down in an order that loses nothing
 */
export async function runUntilShutdown(
  log: (line: string) => void,
  start: () => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const { received } = listenForShutdown({
    onFirst: () =>
      log(
        'stopping: sending on what is buffered … (Ctrl-C again ends at once; nothing acknowledged is lost either way)',
      ),
  });
  const server = await start();
  await received;
  await server.close();
}

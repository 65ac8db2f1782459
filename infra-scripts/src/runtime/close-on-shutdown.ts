import { listenForShutdown } from '@millrace/kit/shutdown-signal';

/**
 * Waits for Ctrl-C (or SIGTERM, SIGHUP), then closes. A second Ctrl-C ends the process at once: what was acknowledged
 * is on disk anyway.
 * @param close takes everything down in an order that loses nothing
 */
export async function closeOnShutdown(close: () => Promise<void>, log: (line: string) => void): Promise<void> {
  await listenForShutdown().received;
  log('stopping: sending on what is buffered … (Ctrl-C again ends at once; nothing acknowledged is lost either way)');
  await close();
}

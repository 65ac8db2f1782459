/**
 * Waits for Ctrl-C (or SIGTERM, SIGHUP), then closes. A second Ctrl-C ends the process at once: what was acknowledged is on disk anyway.
 * @param close takes everything down in an order that loses nothing.
 */
export async function untilStopped(close: () => Promise<void>, say: (line: string) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    let stopping = false;
    const stop = () => {
      if (stopping) process.exit(130);
      stopping = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
  say('stopping: sending on what is buffered … (Ctrl-C again ends at once; nothing acknowledged is lost either way)');
  await close();
}

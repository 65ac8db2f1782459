/** The longest that a timer of Node can wait; longer ones fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits, however long; resolves early, without an error, when `signal` is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal?.aborted; left -= longestTimerMs) {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(left, longestTimerMs));
      signal?.addEventListener('abort', wake);
    });
  }
}

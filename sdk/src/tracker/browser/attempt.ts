/**
 * Runs `work` and returns its result, or undefined when it throws. Every Web API that the tracker uses may throw, be
 * missing or be replaced by the page; and the page runs the tracker's callbacks. No error of ours may reach it.
 */
export function attempt<T>(work: () => T, failed?: (error: unknown) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    failed?.(error);
    return undefined;
  }
}

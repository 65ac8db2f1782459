/**
 * Runs `work` and gives its result, or undefined when it throws. Every Web API that the tracker uses may throw, be missing or be
 * replaced by the page, and every callback of the tracker is run by the page: nothing of ours may reach it.
 */
export function attempt<T>(work: () => T, failed?: (error: unknown) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    failed?.(error);
    return undefined;
  }
}

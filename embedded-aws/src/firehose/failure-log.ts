import type { Log } from '../service.js';

/** Logs once that something fails, and once that it works again, however often it is tried in between. */
export interface FailureLog {
  /** @param who of several that use the same thing @param cause a cause that was not logged yet is logged too */
  failed(who: string, cause: string): void;
  recovered(who: string): void;
}

/** @param failing, working give the lines */
export function createFailureLog(
  log: Log,
  { failing, working }: { failing: (cause: string) => string; working: () => string },
): FailureLog {
  const affected = new Set<string>();
  const causes = new Set<string>();
  return {
    failed(who, cause) {
      affected.add(who);
      if (causes.has(cause)) return;
      causes.add(cause);
      log(failing(cause));
    },
    recovered(who) {
      if (!affected.delete(who) || affected.size > 0) return;
      causes.clear();
      log(working());
    },
  };
}

/** `SlowDown: Please reduce your request rate.`, `ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:4566` */
export function causeOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  // The SDK wraps errors that are not its own, and leaves out the code.
  const text = message?.replace(/^AWS SDK error wrapper for (Error: )?/, '') ?? '';
  const label = code ?? (name === 'Error' ? (/\bE[A-Z]{3,}\b/.exec(text)?.[0] ?? '') : name);
  return [label, text].filter(Boolean).join(': ') || String(error);
}

import type { Log } from '../service.js';

/** Says once that something does not work, and once that it works again, however often it is tried in between. */
export interface Trouble {
  /** @param who of several that use the same thing @param cause what it says; another cause is said too */
  began(who: string, cause: string): void;
  ended(who: string): void;
}

export function createTrouble(
  log: Log,
  { failing, working }: { failing: (cause: string) => string; working: () => string },
): Trouble {
  const suffering = new Set<string>();
  const causes = new Set<string>();
  return {
    began(who, cause) {
      suffering.add(who);
      if (causes.has(cause)) return;
      causes.add(cause);
      log(failing(cause));
    },
    ended(who) {
      if (!suffering.delete(who) || suffering.size > 0) return;
      causes.clear();
      log(working());
    },
  };
}

/** `SlowDown: Please reduce your request rate.`, `ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:4566` */
export function causeOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  // The SDK wraps what is not its own, and leaves out the code.
  const text = message?.replace(/^AWS SDK error wrapper for (Error: )?/, '') ?? '';
  const label = code ?? (name === 'Error' ? (/\bE[A-Z]{3,}\b/.exec(text)?.[0] ?? '') : name);
  return [label, text].filter(Boolean).join(': ') || String(error);
}

/** How long to wait before the `attempt`th try after the first (from 1): doubling up to `mostMs`, by chance up to half less. */
export function backoffMs(attempt: number, leastMs: number, mostMs: number): number {
  const whole = Math.min(mostMs, leastMs * 2 ** Math.min(attempt - 1, 20));
  return whole / 2 + (Math.random() * whole) / 2;
}

import type { JqLimits } from './limits.js';

/** A turn that is watched from another thread. */
export interface Watched {
  limits: JqLimits;
  /** Milliseconds of processor time for a record, besides those for its size. */
  recordMs: number;
  records: readonly Buffer[];
  /** How many bytes of lines there are; -1 until the program is compiled. */
  written: () => number;
  /** Those lines. */
  lines: () => string;
  /** The processor time of the thread, in milliseconds. */
  cpu: () => number;
}

/** Rests between two looks, at least. */
const leastMs = 10;

/**
 * Calls `overrun` once when a record takes too much, with why and what was written before it. Looks when the record can
 * have used up its time at the earliest, so what is quick is hardly looked at.
 * @returns ends the watch
 */
export function watch(
  { limits, recordMs, records, written, lines, cpu }: Watched,
  overrun: (found: { message: string; at: number }) => void,
): () => void {
  let at = written();
  let [cpuBefore, wallBefore] = [cpu(), performance.now()];

  function allowed(): number {
    if (at < 0) return limits.compileMs;
    const record = at === 0 ? 0 : lines().split('\n').length - 1;
    return recordMs + ((records[record]?.length ?? 0) / 1024) * limits.msPerKib;
  }

  function look(): void {
    const [now, used, wall] = [written(), cpu(), performance.now()];
    if (now !== at) [at, cpuBefore, wallBefore] = [now, used, wall];
    const most = allowed();
    const what = at < 0 ? 'to compile' : 'for the record';
    if (used - cpuBefore >= most)
      overrun({ at, message: `took more than ${Math.round(most)} ms of processor time ${what}` });
    else if (wall - wallBefore >= limits.wallMs) overrun({ at, message: `took more than ${limits.wallMs} ms ${what}` });
    else {
      const left = Math.max(leastMs, most - (used - cpuBefore));
      // The first record may begin at any time.
      timer = setTimeout(look, at < 0 ? Math.min(left, Math.max(leastMs, recordMs)) : left);
    }
  }

  let timer = setTimeout(look, leastMs);
  return () => clearTimeout(timer);
}

/** What is known of a file without reading it. */
interface FileStats {
  size: number;
  mtimeMs: number;
  ctimeMs: number;
  ino: number;
}

/** A file that changed so short ago may change again without another time. */
const clockMs = 1_000;

/**
 * A text that changes when a file does: the file need not be read again while it is the same. Empty when it changed
 * just before `now`.
 */
export function stateOf({ size, mtimeMs, ctimeMs, ino }: FileStats, now: number): string {
  if (Math.abs(now - mtimeMs) < clockMs) return '';
  return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

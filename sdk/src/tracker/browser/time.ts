/** Milliseconds since 1970. Set by `keepTime`. */
export let now: () => number;
/** Calls `work` after this many milliseconds. @returns what `clearTimeout` takes. Set by `keepTime`. */
export let later: (work: () => unknown, ms?: number) => unknown;

/** Keeps the page's clock and timers as they are now: a page may replace them later, by a clock that stands still. */
export function keepTime(): void {
  now = Date.now;
  later = setTimeout;
}

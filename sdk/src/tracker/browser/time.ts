/** Milliseconds since 1970. */
export let now: () => number = () => Date.now();
/** Calls `work` after this many milliseconds. @returns what `clearTimeout` takes */
export let later: (work: () => unknown, ms?: number) => unknown = (work, ms) => setTimeout(work, ms);

/** Keeps the page's clock and timers as they are now: a page may replace them later, by a clock that stands still. */
export function keepTime(): void {
  now = Date.now;
  const { setTimeout: timer } = globalThis;
  later = (work, ms) => timer(work, ms);
}

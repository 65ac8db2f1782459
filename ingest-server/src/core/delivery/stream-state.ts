import type { KinesisState } from './delivery-hooks.js';

/** How many calls in a row must fail as a whole to count as an outage. */
const failuresThatCount = 3;

/** Whether the stream can be reached. */
export interface StreamState {
  current(): KinesisState;
  /** Whether the stream is out: several calls in a row failed, and none has succeeded since. */
  isOut(): boolean;
  report(state: KinesisState): void;
  /** A call to put records failed as a whole. */
  putFailed(state: KinesisState): void;
}

/** What is known of the stream. Reports each change once, and the end of an outage. */
export function createStreamState(told: { changed(state: KinesisState): void; recovered(): void }): StreamState {
  let current: KinesisState = { state: 'unknown' };
  let failures = 0;

  function report(next: KinesisState) {
    const before = current;
    current = next;
    if (next.state === 'up') failures = 0;
    if (next.state !== before.state || (next.state === 'down' && next.code !== before.code)) told.changed(next);
    if (before.state === 'down' && next.state === 'up') told.recovered();
  }

  return {
    current: () => current,
    isOut: () => failures >= failuresThatCount,
    report,
    putFailed(state) {
      failures += 1;
      report(state);
    },
  };
}

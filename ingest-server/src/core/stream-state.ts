import type { KinesisState } from './delivery-hooks.js';

/** What is known of the stream: tells each change once, and when an outage has ended. */
export function createStreamState(told: { changed(state: KinesisState): void; recovered(): void }) {
  let current: KinesisState = { state: 'unknown' };
  return {
    current: () => current,
    report(next: KinesisState) {
      const before = current;
      current = next;
      if (next.state !== before.state || (next.state === 'down' && next.code !== before.code)) told.changed(next);
      if (before.state === 'down' && next.state === 'up') told.recovered();
    },
  };
}

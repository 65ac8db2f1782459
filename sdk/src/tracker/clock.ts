import { attempt } from './attempt.js';
import type { Part } from './plugin.js';

/** Differences below this are the network's, not the clock's. */
const noiseMs = 2000;
/** An answer that took longer tells too little. */
const slowMs = 4 * noiseMs;

/** The server's time less ours, in milliseconds, as an answer tells it; NaN when it does not. */
export function clockErrorOf(answer: string | undefined, sentAt: number, now: number): number {
  const took = now - sentAt;
  return took >= 0 && took <= slowMs
    ? Math.round(attempt(() => JSON.parse(answer!).time) - (sentAt + now) / 2)
    : Number.NaN;
}

/**
 * Learns how wrong the device's clock is, for all tabs and pages, and names the time of sending by the clock that timed the events: what the server
 * takes for the difference is then that of the events, also when the clock was set since.
 */
export const clock: Part<void> = (inside) => {
  const { on, store, stream, seal } = inside;
  /** NaN for what is not known, with which no comparison holds. */
  const known = (text: string | undefined) => Number.parseFloat(text!);
  let last = 0;
  inside.seal = (draft, at) => {
    // Set back: a stream is timed by one clock.
    if (at < last - noiseMs) stream.end();
    last = at;
    seal(draft, at);
  };
  on('sending', (sending) => {
    const now = known(store.get('c'));
    // As far as it was known when the stream was noted.
    const then = known(store.get(`s.${sending.batch.stream}`)?.split('|')[2]);
    if (Math.abs(now - then) >= noiseMs) sending.sent_at += now - then;
  });
  on('answered', ({ text, at }) => {
    const error = clockErrorOf(text, at, Date.now());
    const before = store.get('c');
    if (Number.isNaN(error) || Math.abs(error - known(before)) < noiseMs) return;
    // What was timed by the old clock is of the old stream.
    if (before) stream.end();
    store.set('c', `${error}`);
  });
};

import { attempt } from './attempt.js';
import type { Part } from './plugin.js';

/** Differences below this are the network's, not the clock's. */
const noiseMs = 2000;
/** An answer that took longer tells too little. */
const slowMs = 4 * noiseMs;

/** The server's time less ours, in milliseconds, as an answer tells it; undefined when it does not. */
export function clockErrorOf(answer: string | undefined, sentAt: number, now: number): number | undefined {
  const time: unknown = attempt(() => JSON.parse(answer!).time);
  const took = now - sentAt;
  return typeof time === 'number' && took >= 0 && took <= slowMs ? Math.round(time - (sentAt + now) / 2) : undefined;
}

/**
 * Learns how wrong the device's clock is, for all tabs and pages, and names the time of sending by the clock that timed the events: what the server
 * takes for the difference is then that of the events, also when the clock was set since.
 */
export const clock: Part<void> = ({ on, store, stream }) => {
  const known = (text: string | undefined) => (text ? Number(text) : undefined);
  const differs = (a: number | undefined, b: number | undefined) => Math.abs(a! - b!) >= noiseMs;
  let last = '';
  on('event', ({ event_time }) => {
    // Set back: a stream is timed by one clock. Times as text compare as they are.
    if (event_time < last && Date.parse(event_time) < Date.parse(last) - noiseMs) stream.end();
    last = event_time;
  });
  on('sending', (sending) => {
    const now = known(store.get('c'));
    // As far as it was known when the stream was noted.
    const then = known(store.get(`s.${sending.batch.stream}`)?.split('|')[2]);
    if (differs(now, then)) sending.sent_at += now! - then!;
  });
  on('answered', ({ text, at }) => {
    const error = clockErrorOf(text, at, Date.now());
    const before = known(store.get('c'));
    if (error === undefined || (before !== undefined && !differs(error, before))) return;
    // What was timed by the old clock is of the old stream.
    if (before !== undefined) stream.end();
    store.set('c', `${error}`);
  });
};

import { attempt } from '../browser/attempt.js';
import { abs, parse, round, split } from '../browser/builtins.js';
import { now } from '../browser/time.js';
import type { TrackerContext } from '../core/context.js';
import { recordStream } from '../identity/stream-records.js';
import type { TrackerModule } from '../module.js';

/** Smaller differences come from the network. */
const noiseMs = 2000;
/** A slower answer says too little about the clock. */
const slowMs = 4 * noiseMs;

/** The server's time minus ours, in milliseconds, from an answer; NaN when it does not say. */
export function clockErrorOf(answer: string | undefined, sentAt: number, now: number): number {
  const took = now - sentAt;
  return took >= 0 && took <= slowMs ? round(attempt(() => parse(answer!).time) - (sentAt + now) / 2) : Number.NaN;
}

/**
 * Learns how wrong the device's clock is, for all tabs and pages. It gives `sent_at` by the clock that timed the
 * events, so that the difference that the server sees is that of the events, also when the clock was set since.
 */
export const clock: TrackerModule<void> = (context: TrackerContext) => {
  const { _store: store, _stream: stream } = context;
  recordStream(stream, store);
  /** NaN for an unknown value: every comparison with it is false. */
  const known = (text: string | undefined) => Number.parseFloat(text!);
  let last = 0;
  const { _place: place } = context;
  context._place = (facts, at, isFinal) => {
    // One clock times a stream.
    if (at < last - noiseMs) stream._end();
    last = at;
    return place(facts, at, isFinal);
  };
  context.on('sending', (sending) => {
    const now = known(store._get('c'));
    // As it was known when the stream was noted.
    const then = known(split(store._get(`s.${sending.batch.stream}`) || '', '|')[2]);
    if (abs(now - then) >= noiseMs) sending.sent_at += now - then;
  });
  context.on('answered', ({ text, at, isOurs }) => {
    const error = isOurs ? clockErrorOf(text, at, now()) : Number.NaN;
    const before = store._get('c');
    if (Number.isNaN(error) || abs(error - known(before)) < noiseMs) return;
    // The old clock timed the old stream.
    if (before) stream._end();
    store._set('c', `${error}`);
  });
};

import type { Delivery } from './delivery.js';
import { evenRanges, type HashRange } from './hash-ranges.js';
import { type Sink, SinkError } from './sink.js';
import type { Spread } from './spread.js';

const startMs = 1_500;
const intervalMs = 30_000;
const retryMs = 2_000;

/** A role that may put but not list shards: the guess stays. */
const isDenied = (error: SinkError) => error.code.startsWith('AccessDenied');

/**
 * While the shards are not known: few, where each has a lane; else so many that records reach all shards, however many
 * there are.
 */
const guess = ({ keepsToShards }: Spread) => evenRanges(keepsToShards ? 4 : 1_024);

/** Ranges to start with. */
export interface FirstRanges {
  ranges: readonly HashRange[];
  /** The stream may still tell the real ranges. */
  areGuessed: boolean;
  error?: SinkError;
}

/** The stream's ranges if it answers soon, else a guess: the server starts without the stream too. */
export async function firstRanges(sink: Sink, spread: Spread): Promise<FirstRanges> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new SinkError('unreachable', 'Timeout', `no answer within ${startMs} ms`)),
      startMs,
    );
  });
  try {
    return { ranges: await Promise.race([sink.ranges(), late]), areGuessed: false };
  } catch (error) {
    const reason = error as SinkError;
    return { ranges: guess(spread), areGuessed: !isDenied(reason), error: reason };
  } finally {
    clearTimeout(timer);
  }
}

/** The stream to watch, and whether its shards are known already. */
export interface ShardWatchOptions {
  sink: Pick<Sink, 'ranges'>;
  delivery: Pick<Delivery, 'reportKinesis' | 'useRanges'>;
  spread: Spread;
  isKnown: boolean;
}

/** Lists the stream's shards every 30 s, and tells the delivery about changes and outages. Returns how to stop. */
export function watchShards({ sink, delivery, spread, isKnown }: ShardWatchOptions): () => void {
  let timer: NodeJS.Timeout;
  let stopped = false;
  async function look() {
    let next = intervalMs;
    try {
      const ranges = await sink.ranges();
      if (stopped) return;
      delivery.reportKinesis({ state: 'up' });
      delivery.useRanges(ranges);
    } catch (error) {
      if (stopped) return;
      const { kind, code, message } = error as SinkError;
      if (!isKnown && isDenied(error as SinkError)) delivery.useRanges(guess(spread));
      // A role that may not list may still put: the puts will tell.
      if (kind !== 'throttled' && !isDenied(error as SinkError)) {
        delivery.reportKinesis({ state: 'down', code, message });
      }
      next = retryMs;
    }
    timer = setTimeout(look, next);
  }
  timer = setTimeout(look, isKnown ? intervalMs : retryMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

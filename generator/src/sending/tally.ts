import type { MillraceEvent } from '@millrace/sdk/schema';
import { createLatency, type Quantiles } from './latency.js';
import type { Parcel, Refused, Settled } from './sink.js';

/** How far the traffic has come. */
export interface Progress {
  made: number;
  acknowledged: number;
  refused: number;
  /** Since the start. */
  seconds: number;
  /** From the moment an event was due to its answer; undefined before the first answer. */
  latencyMs: Quantiles | undefined;
}

/** Who hears of each event's fate. */
export interface TallyOptions {
  onAcknowledged?: ((event: MillraceEvent, settled: Settled) => void) | undefined;
  onRefused?: ((refused: Refused) => void) | undefined;
}

/** Counts what becomes of the events. */
export interface Tally {
  made(): void;
  settled(batch: readonly Parcel[], settled: Settled): void;
  progress(): Progress;
}

/** Starts counting now. */
export function createTally({ onAcknowledged, onRefused }: TallyOptions): Tally {
  const latency = createLatency();
  const startedMs = performance.now();
  let made = 0;
  let acknowledged = 0;
  let refused = 0;
  return {
    made() {
      made += 1;
    },
    settled(batch, settled) {
      const nowMs = performance.now();
      const bad = new Set<MillraceEvent>(settled.refused.map(({ event }) => event));
      refused += bad.size;
      acknowledged += batch.length - bad.size;
      for (const one of settled.refused) onRefused?.(one);
      for (const { event, offeredMs } of batch) {
        latency.add(nowMs - offeredMs);
        if (!bad.has(event)) onAcknowledged?.(event, settled);
      }
    },
    progress: () => ({
      made,
      acknowledged,
      refused,
      seconds: (performance.now() - startedMs) / 1000,
      latencyMs: latency.quantiles(),
    }),
  };
}

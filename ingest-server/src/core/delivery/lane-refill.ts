import { backoffMs } from '@millrace/kit/backoff';
import type { Clock } from '@millrace/kit/clock';
import { recordLimits } from '../chunk.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import type { Lane } from './lane.js';
import type { Lanes } from './lanes.js';
import { retries } from './retries.js';
import type { Spool } from './spool.js';
import { waitingFor } from './ticket.js';

/** The lanes, and the spool to fill them from. */
export interface LaneRefillOptions {
  lanes: Lanes;
  spool: Pick<Spool, 'next'>;
  clock: Clock;
  random: () => number;
  /** Bytes that may wait in memory. */
  maxQueuedBytes: number;
  hooks: Pick<DeliveryHooks, 'spoolUnreadable'>;
  /** A lane was refilled, or could not be: something may be due. */
  changed(): void;
  isStopped(): boolean;
}

/** Keeps the lanes' queues filled from the spool, and no fuller than that. */
export interface LaneRefill {
  /** Drops chunks that need not wait in memory: spooled ones beyond the read-ahead. */
  trim(lane: Lane): void;
  /** Whether the spool has more of this lane than its queue, and the queue has room. */
  wantsRefill(lane: Lane): boolean;
  /** Reads the next chunks of the lane; `changed` is called when they are in its queue. */
  refill(lane: Lane): void;
}

/** Reads ahead at most a record's bytes a lane; all lanes together a sixteenth of what may wait in memory. */
export function createLaneRefill(options: LaneRefillOptions): LaneRefill {
  const { lanes, spool, clock, random, maxQueuedBytes, hooks, changed, isStopped } = options;
  const readAheadBytes = () => Math.min(recordLimits.bytes, maxQueuedBytes / 16 / lanes.list.length);

  async function read(lane: Lane) {
    // Read anew after the wait: the lane may have been replaced meanwhile.
    const isStale = () => isStopped() || !lanes.isPresent(lane);
    try {
      const { found, damaged } = await spool.next({
        after: lane.queue.at(-1)?.position ?? 0,
        wanted: (hash) => lanes.has(lane, hash),
        maxEvents: recordLimits.events,
        maxBytes: readAheadBytes(),
      });
      if (isStale()) return;
      const now = clock.monotonicMs();
      const waiting = found.map(({ chunk, position }) => waitingFor(chunk, undefined, now, position));
      lane.refill(waiting, damaged, now);
    } catch (error) {
      if (isStale()) return;
      hooks.spoolUnreadable?.(error as Error);
      lane.failRefill(clock.monotonicMs(), (failures) => backoffMs(failures, retries.misconfigured, random));
    }
  }

  return {
    trim: (lane) => lane.trimTo(readAheadBytes()),
    wantsRefill: (lane) => lane.wantsRefill(readAheadBytes()),

    refill(lane) {
      lane.beginRefill();
      void read(lane).then(changed);
    },
  };
}

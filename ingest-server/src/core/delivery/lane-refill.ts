import { backoffMs } from '@millrace/kit/backoff';
import type { Clock } from '@millrace/kit/clock';
import { recordLimits } from '../chunk.js';
import type { DeliveryHooks } from './delivery-hooks.js';
import { enqueue, fitting, isSpooled, type Lane, removeIf } from './lane.js';
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
  /** Drops chunks that need not wait in memory: those of refused requests, and spooled ones beyond the read-ahead. */
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

  function failed(lane: Lane, error: Error) {
    hooks.spoolUnreadable?.(error);
    if (lane.attempts === 0) lane.failingSince = clock.monotonicMs();
    lane.attempts += 1;
    lane.retryAt = clock.monotonicMs() + backoffMs(lane.attempts, retries.misconfigured, random);
  }

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
      lane.refilling = false;
      if (isStale()) return;
      lane.backlog -= damaged;
      // A new segment was begun while the old ones were read: the next refill looks at it.
      if (found.length === 0 && damaged === 0) lane.retryAt = Math.max(lane.retryAt, clock.monotonicMs() + 10);
      for (const { chunk, position } of found) {
        enqueue(lane, waitingFor(chunk, undefined, clock.monotonicMs(), position));
      }
    } catch (error) {
      lane.refilling = false;
      if (!isStale()) failed(lane, error as Error);
    }
  }

  return {
    trim(lane) {
      removeIf(lane, ({ dropped }) => dropped);
      // A running refill follows the queue's end, so that end must stay; and then the queue is short anyway.
      if (lane.refilling || !isSpooled(lane)) return;
      // A spooled chunk must not go while one stays that came after it.
      if (lane.queue.some(({ position }, index) => index >= lane.inFlight && position === undefined)) return;
      const keep = lane.inFlight + fitting(lane.queue.slice(lane.inFlight), readAheadBytes());
      removeIf(lane, (_, index) => index >= keep);
    },

    wantsRefill(lane) {
      if (lane.refilling || lane.backlog === 0) return false;
      const isShort = lane.queuedBytes < readAheadBytes() && lane.queuedEvents < recordLimits.events;
      // While a record is in flight the next one is read, however large the first is.
      if (!isShort && lane.queue.length > lane.inFlight) return false;
      // A refill follows the queue's end, so all of the queue must be in the spool.
      if (lane.queue.some(({ position }) => position === undefined)) return false;
      return lane.backlog > lane.queue.length;
    },

    refill(lane) {
      lane.refilling = true;
      void read(lane).then(changed);
    },
  };
}

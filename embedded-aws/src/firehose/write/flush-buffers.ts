import type { DeliveryClock } from '../ports.js';
import type { DeliveryTarget } from '../route/targets.js';
import type { Signal } from '../signal.js';
import type { Buffers, OpenBuffer } from './buffers.js';
import { concurrentPuts, type DeliverObject } from './deliver-objects.js';

/** The options of `flushBuffers`. */
export interface Flushing {
  buffers: Buffers<DeliveryTarget>;
  deliver: DeliverObject;
  /** The longest wait between two looks at the buffers, in milliseconds. */
  intervalMs: number;
  /** Uncompressed bytes in memory from which the largest buffer goes early: three quarters of what may be there. */
  crowdedBytes: number;
  clock: DeliveryClock;
  /** The buffers changed: something may be due. */
  changed: Signal;
  /** Whether everything is due, because no records come any more. */
  draining: () => boolean;
  /** Ends the flushing, and the attempts to put. */
  signal: AbortSignal;
  /** A buffer's content lies in S3. */
  delivered: () => void;
}

/** Puts the buffers that are due, until `signal` ends it. */
export async function flushBuffers(flushing: Flushing): Promise<void> {
  const { buffers, deliver, intervalMs, crowdedBytes, clock, changed, draining, signal, delivered } = flushing;
  let underway = 0;

  async function put(buffer: OpenBuffer<DeliveryTarget>): Promise<void> {
    underway++;
    const inS3 = await deliver(buffer, signal);
    underway--;
    if (inS3) {
      buffers.delivered(buffer);
      delivered();
    }
    changed.notify();
  }

  while (!signal.aborted) {
    const next = changed.next();
    for (const buffer of draining() ? buffers.takeAll() : buffers.due(clock.wallMs())) void put(buffer);
    if (buffers.bytes() >= crowdedBytes && underway < concurrentPuts) {
      const largest = buffers.takeLargest();
      if (largest) void put(largest);
    }
    const dueMs = buffers.nextDueMs();
    const waiting = new AbortController();
    // Never longer than the interval: the clock may have been set back since the buffer was opened.
    const waitMs = dueMs === undefined ? 0 : Math.min(intervalMs, Math.max(1, dueMs - clock.wallMs()));
    const due = dueMs === undefined ? [] : [clock.sleep(waitMs, waiting.signal)];
    await Promise.race([next, ...due]);
    waiting.abort();
  }
}

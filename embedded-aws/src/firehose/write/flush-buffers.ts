import type { Signal } from '../../signal.js';
import type { DeliveryClock } from '../ports.js';
import type { DeliveryTarget } from '../route/targets.js';
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

  /** What wakes the loop when the next buffer is due. */
  let timer: { dueMs: number; stop: AbortController } | undefined;
  function wakeAt(dueMs: number | undefined): void {
    // A timer that ends too early costs less than a new one after every read.
    if (timer && dueMs !== undefined && timer.dueMs <= dueMs) return;
    timer?.stop.abort();
    timer = undefined;
    if (dueMs === undefined) return;
    const started = { dueMs, stop: new AbortController() };
    timer = started;
    // Never longer than the interval: the clock may have been set back since the buffer was opened.
    const waitMs = Math.min(intervalMs, Math.max(1, dueMs - clock.wallMs()));
    void clock.sleep(waitMs, started.stop.signal).then(() => {
      if (timer !== started) return;
      timer = undefined;
      changed.notify();
    });
  }

  while (!signal.aborted) {
    const next = changed.next();
    for (const buffer of draining() ? buffers.takeAll() : buffers.due(clock.wallMs())) void put(buffer);
    if (buffers.bytes() >= crowdedBytes && underway < concurrentPuts) {
      const largest = buffers.takeLargest();
      if (largest) void put(largest);
    }
    wakeAt(buffers.nextDueMs());
    await next;
  }
  wakeAt(undefined);
}

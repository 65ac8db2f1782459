import type { MillraceEvent } from '@millrace/sdk/schema';
import type { Parcel, Settled, Sink } from './sink.js';

/**
 * Keeps the order of a visitor's events with many requests in flight: a visitor always hashes to the same lane, and a
 * lane has one batch in flight. Its next batch grows meanwhile.
 */
export interface Lanes {
  offer(parcel: Parcel): void;
  /** How many were offered and have no answer. */
  pending(): number;
  /** Resolves when fewer than `limit` are pending, `signal` is aborted or a batch has failed. */
  roomBelow(limit: number): Promise<void>;
  /** Resolves when nothing is pending, a batch has failed or the lanes were stopped. */
  drained(): Promise<void>;
  /** Resolves when no batch is in flight. */
  landed(): Promise<void>;
  /** Why a batch failed; undefined while none has. */
  failure(): Error | undefined;
  /** From now on sends what waits without lingering. */
  flush(): void;
  /** Sends no further batch; those in flight still get their answers. */
  stop(): void;
}

/** A sink, and how its lanes behave. */
export interface LaneOptions {
  sink: Sink;
  lanes: number;
  /** How long the first event of a batch waits for others. */
  lingerMs: number;
  /** Ends every wait for room. */
  signal?: AbortSignal | undefined;
  onSettled(batch: readonly Parcel[], settled: Settled): void;
  /** Called at the first failure. */
  onFailure?(): void;
}

interface Lane {
  waiting: Parcel[];
  busy: boolean;
  linger?: NodeJS.Timeout | undefined;
}

/** What an event is ordered by: its visitor. An event from the quarantine may have none. */
export const orderKey = ({ visitor_id, event_id }: MillraceEvent) => visitor_id ?? event_id;

function laneOf(visitor: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < visitor.length; i++) hash = Math.imul(hash ^ visitor.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % lanes;
}

/** Takes as many from the front as one batch may have. */
function takeBatch(waiting: Parcel[], { maxBatchEvents, maxBatchBytes }: Sink): Parcel[] {
  let bytes = 0;
  let count = 0;
  while (count < Math.min(waiting.length, maxBatchEvents)) {
    bytes += Buffer.byteLength(waiting[count]!.line) + 1;
    if (count > 0 && bytes > maxBatchBytes) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

/** Makes `lanes` lanes in front of a sink. */
export function createLanes({ sink, lanes: count, lingerMs, signal, onSettled, onFailure }: LaneOptions): Lanes {
  const lanes = Array.from({ length: count }, (): Lane => ({ waiting: [], busy: false }));
  let waiters: { ready: () => boolean; resolve: () => void }[] = [];
  let pending = 0;
  let flushing = false;
  let stopped = false;
  let failure: Error | undefined;

  const wakeWaiters = () => {
    const woken = waiters.filter(({ ready }) => ready());
    waiters = waiters.filter((waiter) => !woken.includes(waiter));
    for (const { resolve } of woken) resolve();
  };
  const until = (ready: () => boolean) =>
    ready() ? Promise.resolve() : new Promise<void>((resolve) => waiters.push({ ready, resolve }));

  /** Sends the lane's next batch, now or when it has lingered. */
  function advance(lane: Lane): void {
    if (lane.busy || stopped || failure !== undefined || lane.waiting.length === 0) return;
    if (!flushing && lingerMs > 0 && lane.waiting.length < sink.maxBatchEvents) {
      const dueMs = lane.waiting[0]!.offeredMs + lingerMs - performance.now();
      if (dueMs > 0) {
        lane.linger ??= setTimeout(() => {
          lane.linger = undefined;
          advance(lane);
        }, dueMs);
        return;
      }
    }
    clearTimeout(lane.linger);
    lane.linger = undefined;
    void send(lane, takeBatch(lane.waiting, sink));
  }

  async function send(lane: Lane, batch: Parcel[]): Promise<void> {
    lane.busy = true;
    try {
      const settled = await sink.send(batch);
      pending -= batch.length;
      onSettled(batch, settled);
    } catch (error) {
      failure ??= error as Error;
      onFailure?.();
      // The other lanes' requests in flight may still succeed, but are not repeated.
      sink.hurry();
    }
    lane.busy = false;
    advance(lane);
    wakeWaiters();
  }

  signal?.addEventListener('abort', wakeWaiters, { once: true });

  return {
    offer(parcel) {
      pending += 1;
      const lane = lanes[laneOf(orderKey(parcel.event), count)]!;
      lane.waiting.push(parcel);
      advance(lane);
    },
    pending: () => pending,
    roomBelow: (limit) => until(() => pending < limit || signal?.aborted === true || failure !== undefined),
    drained: () => until(() => pending === 0 || stopped || failure !== undefined),
    landed: () => until(() => lanes.every(({ busy }) => !busy)),
    failure: () => failure,
    flush() {
      flushing = true;
      for (const lane of lanes) advance(lane);
    },
    stop() {
      stopped = true;
      for (const lane of lanes) clearTimeout(lane.linger);
      wakeWaiters();
    },
  };
}

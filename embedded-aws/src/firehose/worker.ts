import { setMaxListeners } from 'node:events';
import type { Log } from '../service.js';
import { createSignal, type Signal } from '../signal.js';
import type { DeliveryConfiguration } from './config/delivery-configuration.js';
import type { createErrorLog } from './error-log.js';
import { createFailureLog } from './failure-log.js';
import { type Meter, unmetered } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryClock, ObjectSink, StreamSource } from './ports.js';
import { followShards } from './read/follow-shards.js';
import type { Position } from './read/position.js';
import type { PositionStore } from './read/position-store.js';
import type { Transform } from './route/lambda/transform.js';
import { createRouter } from './route/route-records.js';
import { createTake } from './route/take-records.js';
import type { DeliveryTarget } from './route/targets.js';
import { type Buffers, createBuffers } from './write/buffers.js';
import { createObjectDelivery } from './write/deliver-objects.js';
import { flushBuffers } from './write/flush-buffers.js';

/**
 * Delivers one delivery stream: reads every shard, fills buffers, puts objects, stores how far each shard lies in S3.
 */
export interface DeliveryWorker {
  /**
   * Stops reading, delivers what is buffered, stores the positions. What is not delivered within `patienceMs` is read
   * again later.
   */
  stop(patienceMs: number): Promise<void>;
}

/** The options of `startWorker`. */
export interface WorkerOptions {
  deliveryStream: string;
  /** Of the configuration; part of every object's name. */
  version: number;
  configuration: DeliveryConfiguration;
  /** Records that arrived in the stream before are not delivered; milliseconds since 1970. */
  startMs: number;
  source: StreamSource;
  sink: ObjectSink;
  /** How far each shard was delivered before. */
  stored: Map<string, Position>;
  positions: PositionStore;
  /** Divides the buffer intervals. */
  timeScale: number;
  clock: DeliveryClock;
  log: Log;
  observer?: DeliveryObserver | undefined;
  meter?: Meter;
  /** Where records go through a Lambda function first. */
  transform?: Transform | undefined;
  errorLog?: ReturnType<typeof createErrorLog>;
  limits?: Partial<WorkerLimits>;
}

/** How much a worker may hold at a time. */
export interface WorkerLimits {
  /** How many partitions may be active: Firehose's quota, 500 unless raised. */
  maxPartitions: number;
  /**
   * Uncompressed bytes in memory: from three quarters on the largest buffer goes early, at the full amount reading
   * pauses.
   */
  maxBufferedBytes: number;
}

const defaultLimits: WorkerLimits = { maxPartitions: 500, maxBufferedBytes: 128 * 1024 * 1024 };

/** Starts at once; what fails is retried until it works or `stop` is called. */
export function startWorker(options: WorkerOptions): DeliveryWorker {
  const { configuration, clock, log, positions, stored, meter = unmetered } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const intervalMs = configuration.intervalMs / options.timeScale;
  const buffers = createBuffers<DeliveryTarget>(
    { sizeBytes: configuration.sizeBytes, intervalMs, maxPartitions: limits.maxPartitions },
    stored,
    configuration.repeatable ? rememberedUnder(options) : undefined,
  );
  const reading = new AbortController();
  // Every shard waits on it, some of them twice for a moment.
  setMaxListeners(0, reading.signal);
  const delivering = new AbortController();
  /** The buffers changed: something may be due, or there may be room again. */
  const changed = createSignal();
  const store = () => positions.changed(() => new Map(shards.ids().map((shardId) => [shardId, buffers.safe(shardId)])));

  const shards = followShards({
    source: options.source,
    stored,
    clock,
    log,
    meter,
    signal: reading.signal,
    failureLog: createFailureLog(log, {
      failing: (cause) => `cannot read the source stream (${cause}); retrying until it can`,
      working: () => 'reads the source stream again',
    }),
    async room() {
      while (buffers.bytes() >= limits.maxBufferedBytes && !reading.signal.aborted) await changed.next();
    },
    take: createTake({
      ...options,
      route: createRouter({ ...options, buffers, meter }),
      buffers,
      meter,
      signal: reading.signal,
      taken: changed.notify,
      done() {
        if (buffers.undelivered() === 0) store();
      },
    }),
    ended(shardId) {
      buffers.advance(shardId, { finished: true });
      store();
    },
  });
  const flushing = flushBuffers({
    buffers,
    deliver: createObjectDelivery({ ...options, meter }),
    intervalMs,
    crowdedBytes: limits.maxBufferedBytes * 0.75,
    clock,
    changed,
    draining: () => reading.signal.aborted,
    signal: delivering.signal,
    delivered: store,
  });

  return {
    async stop(patienceMs) {
      reading.abort();
      changed.notify();
      await shards.done;
      changed.notify();
      await drained(buffers, changed, clock, patienceMs);
      if (buffers.undelivered() > 0)
        log(`${buffers.undelivered()} buffers were not delivered; the next start reads their records again`);
      delivering.abort();
      changed.notify();
      await flushing;
      store();
      await positions.settled();
    },
  };
}

/** Which records can be converted, and so where they go, depends on the table's columns too. */
const rememberedUnder = ({ version, configuration: { conversion } }: WorkerOptions): number | string =>
  conversion ? `${version}/${conversion.schema.id}` : version;

/** Resolves when every buffer is delivered, or after `patienceMs`. */
async function drained(
  buffers: Buffers<DeliveryTarget>,
  changed: Signal,
  clock: DeliveryClock,
  patienceMs: number,
): Promise<void> {
  const patience = new AbortController();
  const outOfPatience = clock.sleep(patienceMs, patience.signal).then(() => true);
  while (buffers.undelivered() > 0) {
    const next = changed.next().then(() => false);
    if (await Promise.race([next, outOfPatience])) break;
  }
  patience.abort();
}

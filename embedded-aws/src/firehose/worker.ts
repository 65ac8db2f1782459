import { setImmediate as breathe } from 'node:timers/promises';
import type { Log } from '../service.js';
import { createBuffers, type Position } from './buffers.js';
import type { Clock } from './clock.js';
import { concurrentPuts, createObjectDelivery } from './deliver-objects.js';
import type { createErrorLog } from './error-log.js';
import { createBell, createGate } from './gate.js';
import type { Transform } from './lambda/transform.js';
import { type Meter, unmetered } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryPlan } from './plan.js';
import type { PositionStore } from './positions.js';
import { deaggregate, type SourceRecord } from './process-records.js';
import { readShard } from './read-shard.js';
import { createRouter, type DeliveryTarget } from './route-records.js';
import type { ObjectSink, Shard, StreamSource } from './seams.js';
import { backoffMs, causeOf, createTrouble } from './trouble.js';

/** Delivers one delivery stream: reads every shard, fills buffers, puts objects, stores how far each shard lies in S3. */
export interface DeliveryWorker {
  /** Stops reading, delivers what is buffered, stores the positions. What cannot be delivered within `patienceMs` is read again later. */
  stop(patienceMs: number): Promise<void>;
}

export interface WorkerOptions {
  deliveryStream: string;
  /** Of the configuration; part of every object's name. */
  version: number;
  plan: DeliveryPlan;
  /** Records that arrived in the stream before are not delivered; milliseconds since 1970. */
  startMs: number;
  source: StreamSource;
  sink: ObjectSink;
  stored: Map<string, Position>;
  positions: PositionStore;
  timeScale: number;
  clock: Clock;
  log: Log;
  observer?: DeliveryObserver | undefined;
  meter?: Meter;
  /** Where records go through a Lambda function first. */
  transform?: Transform | undefined;
  errorLog?: ReturnType<typeof createErrorLog>;
  limits?: Partial<WorkerLimits>;
}

export interface WorkerLimits {
  /** How many partitions may be active: Firehose's quota, 500 unless raised. */
  maxPartitions: number;
  /** Uncompressed bytes in memory: from three quarters on the largest buffer goes early, at the full amount reading pauses. */
  maxBufferedBytes: number;
}

const defaultLimits: WorkerLimits = { maxPartitions: 500, maxBufferedBytes: 128 * 1024 * 1024 };

/** How many shards are read at a time: each read may hold some megabytes. */
const concurrentReads = 3;
/** Records are processed in slices of about this size, and other work of the process comes between them. */
const sliceBytes = 256 * 1024;
/** New shards come when one ends; this is for the others, such as a stream that was made again. */
const listShardsMs = 30_000;

/** Which records can be converted, so where they go, is a matter of the table's columns too. */
const rememberedUnder = ({ version, plan: { conversion } }: WorkerOptions): number | string =>
  conversion ? `${version}/${conversion.schema.id}` : version;

export function startWorker(options: WorkerOptions): DeliveryWorker {
  const {
    plan,
    source,
    clock,
    log,
    deliveryStream,
    observer,
    positions,
    stored,
    startMs,
    transform,
    meter = unmetered,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const intervalMs = plan.intervalMs / options.timeScale;
  const buffers = createBuffers<DeliveryTarget>(
    { sizeBytes: plan.sizeBytes, intervalMs, maxPartitions: limits.maxPartitions },
    stored,
    plan.repeatable ? rememberedUnder(options) : undefined,
  );
  const route = createRouter({ plan, buffers, deliveryStream, observer, meter, timeScale: options.timeScale });
  const deliver = createObjectDelivery({ ...options, meter });

  const reading = new AbortController();
  const delivering = new AbortController();
  const readers = new Map<string, Promise<void>>();
  const readToEnd = new Set([...stored].filter(([, { finished }]) => finished).map(([shardId]) => shardId));
  const known = new Set(stored.keys());
  const gate = createGate(concurrentReads);
  /** Buffers changed: something may be due, or there may be room again. */
  const changed = createBell();
  const shardEnded = createBell();
  let underway = 0;

  const sourceTrouble = createTrouble(log, {
    failing: (cause) => `cannot read the source stream (${cause}); trying again until it can`,
    working: () => 'reads the source stream again',
  });

  const store = () => positions.changed(() => new Map([...known].map((shardId) => [shardId, buffers.safe(shardId)])));

  async function take(shardId: string, records: SourceRecord[]): Promise<void> {
    const wanted = records.filter(({ arrivalMs }) => arrivalMs >= startMs);
    for (let from = 0; from < wanted.length; ) {
      let to = from;
      for (let bytes = 0; to < wanted.length && bytes < sliceBytes; to++) bytes += wanted[to]!.data.length;
      const slice = wanted.slice(from, to);
      const parts = transform && (await transform(shardId, slice, deaggregate(plan, slice), reading.signal));
      route(shardId, slice, clock.now(), parts);
      from = to;
      changed.ring();
      if (from < wanted.length) await breathe();
    }
    // Records from before the start are done with too.
    const { sequenceNumber, arrivalMs } = records.at(-1)!;
    if (wanted.at(-1) !== records.at(-1)) buffers.advance(shardId, { sequenceNumber, arrivalMs });
    if (wanted.length === 0 && buffers.undelivered() === 0) store();
  }

  const admit = (work: () => Promise<void>): Promise<void> =>
    gate(async () => {
      while (buffers.bytes() >= limits.maxBufferedBytes && !reading.signal.aborted) await changed.heard();
      await work();
    });

  async function read({ id: shardId }: Shard): Promise<void> {
    known.add(shardId);
    const from = stored.get(shardId) ?? {};
    const outcome = await readShard({
      shardId,
      from,
      source,
      clock,
      log,
      trouble: sourceTrouble,
      meter,
      signal: reading.signal,
      admit,
      take: (records) => take(shardId, records),
    });
    if (outcome === 'stopped') return;
    readToEnd.add(shardId);
    buffers.advance(shardId, { finished: true });
    store();
    shardEnded.ring();
  }

  /** A shard is read once those that it came from have been: so a key's records stay in order across a reshard. */
  async function readShards(): Promise<void> {
    const shards = await source.shards(reading.signal);
    const ids = new Set(shards.map(({ id }) => id));
    for (const shardId of known) if (!ids.has(shardId) && readToEnd.has(shardId)) known.delete(shardId);
    for (const shard of shards) {
      if (readers.has(shard.id) || readToEnd.has(shard.id)) continue;
      if (shard.parents.some((parent) => ids.has(parent) && !readToEnd.has(parent))) continue;
      readers.set(shard.id, read(shard));
    }
  }

  async function followShards(): Promise<void> {
    let failures = 0;
    let warned = false;
    while (!reading.signal.aborted) {
      const ended = shardEnded.heard();
      let waitMs = listShardsMs;
      try {
        if (!warned) await warnOfTrimming();
        warned = true;
        await readShards();
        failures = 0;
        sourceTrouble.ended('shards');
      } catch (error) {
        if (reading.signal.aborted) return;
        failures++;
        if ((error as Error).name === 'LimitExceededException') meter('ThrottledDescribeStream', 1);
        sourceTrouble.began('shards', causeOf(error));
        waitMs = backoffMs(failures, 250, 5_000);
      }
      const waiting = new AbortController();
      const stop = () => waiting.abort();
      reading.signal.addEventListener('abort', stop, { once: true });
      await Promise.race([clock.sleep(waitMs, waiting.signal), ended]);
      reading.signal.removeEventListener('abort', stop);
      waiting.abort();
    }
  }

  /** A position older than the stream's retention: what came after it may have been trimmed before it was ever read. */
  async function warnOfTrimming(): Promise<void> {
    const unfinished = [...stored].filter(([, { finished, arrivalMs }]) => !finished && arrivalMs !== undefined);
    if (unfinished.length === 0) return;
    const retentionMs = await source.retentionMs(reading.signal);
    for (const [shardId, { arrivalMs }] of unfinished) {
      if (clock.now() - arrivalMs! <= retentionMs) continue;
      log(
        `WARNING: shard ${shardId} was last read at a record of ${new Date(arrivalMs!).toISOString()}, and the stream keeps records for ` +
          `${retentionMs / 3_600_000} hours: any that came between then and ${new Date(clock.now() - retentionMs).toISOString()} are LOST`,
      );
    }
  }

  async function put(buffer: Parameters<typeof deliver>[0]): Promise<void> {
    underway++;
    const there = await deliver(buffer, delivering.signal);
    underway--;
    if (there) {
      buffers.delivered(buffer);
      store();
    }
    changed.ring();
  }

  async function flush(): Promise<void> {
    while (!delivering.signal.aborted) {
      const heard = changed.heard();
      const buffersDue = reading.signal.aborted ? buffers.takeAll() : buffers.due(clock.now());
      for (const buffer of buffersDue) void put(buffer);
      if (buffers.bytes() >= limits.maxBufferedBytes * 0.75 && underway < concurrentPuts) {
        const largest = buffers.takeLargest();
        if (largest) void put(largest);
      }
      const dueMs = buffers.nextDueMs();
      const waiting = new AbortController();
      // Never longer than the interval: the clock may have been set back since the buffer was opened.
      const waitMs = dueMs === undefined ? 0 : Math.min(intervalMs, Math.max(1, dueMs - clock.now()));
      const due = dueMs === undefined ? [] : [clock.sleep(waitMs, waiting.signal)];
      await Promise.race([heard, ...due]);
      waiting.abort();
    }
  }

  const following = followShards();
  const flushing = flush();

  return {
    async stop(patienceMs) {
      reading.abort();
      changed.ring();
      shardEnded.ring();
      await following;
      await Promise.all(readers.values());
      changed.ring();
      const patience = new AbortController();
      const outOfPatience = clock.sleep(patienceMs, patience.signal).then(() => true);
      while (buffers.undelivered() > 0) {
        const heard = changed.heard().then(() => false);
        if (await Promise.race([heard, outOfPatience])) break;
      }
      patience.abort();
      if (buffers.undelivered() > 0)
        log(
          `${buffers.undelivered()} buffers could not be delivered; their records stay in the stream and are read again at the next start`,
        );
      delivering.abort();
      changed.ring();
      await flushing;
      store();
      await positions.settled();
    },
  };
}

import type { Log } from '../service.js';
import type { Clock } from './clock.js';
import { compressions } from './compression/index.js';
import type { ConversionPlan } from './conversion/conversion.js';
import { toParquet } from './conversion/to-parquet.js';
import { refusesRows, unconverted } from './conversion/unconverted.js';
import { type createErrorLog, s3Failure } from './error-log.js';
import { createGate } from './gate.js';
import type { Meter } from './meter.js';
import { objectKey } from './object-name.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryPlan } from './plan.js';
import { nextTry, retryPace } from './retry-pace.js';
import type { DeliveryBuffer } from './route-records.js';
import type { ObjectSink } from './seams.js';
import { causeOf, createTrouble } from './trouble.js';

/** How many objects are compressed and put at a time. */
export const concurrentPuts = 8;

/** Puts a buffer into S3 as one object, however long S3 does not take it; false when `signal` ended the attempts. */
export type DeliverObject = (buffer: DeliveryBuffer, signal: AbortSignal) => Promise<boolean>;

export function createObjectDelivery({
  plan,
  sink,
  deliveryStream,
  version,
  clock,
  log,
  observer,
  meter,
  errorLog,
  timeScale,
}: {
  plan: DeliveryPlan;
  sink: ObjectSink;
  deliveryStream: string;
  version: number;
  clock: Clock;
  log: Log;
  observer?: DeliveryObserver | undefined;
  meter: Meter;
  errorLog?: ReturnType<typeof createErrorLog>;
  timeScale: number;
}): DeliverObject {
  const gate = createGate(concurrentPuts);
  const trouble = createTrouble(log, {
    failing: (cause) =>
      `S3 does not take objects for ${plan.bucket} (${cause}); trying again until it does, the records stay in the stream`,
    working: () => `S3 takes objects for ${plan.bucket} again`,
  });

  const pace = retryPace(plan.retryMs, plan.intervalMs / timeScale);
  const overdue = createTrouble(log, {
    failing: (cause) =>
      `S3 has not taken an object for ${plan.bucket} within the retry duration of ${plan.retryMs / 1000} s (${cause}); its records are kept, ` +
      `and it is tried again every ${pace.laterMs / 1000} s. UpdateDestination can give them another place`,
    working: () => `S3 has taken what it had not taken in time for ${plan.bucket}`,
  });

  function measure({ content, records, openedMs, oldestArrivalMs, target }: DeliveryBuffer, nowMs: number): void {
    const to = target.backup ? 'BackupToS3' : 'DeliveryToS3';
    meter(`${to}.Success`, 1);
    meter(`${to}.Bytes`, content.length);
    meter(`${to}.Records`, records);
    meter(`${to}.DataFreshness`, Math.max(0, nowMs - oldestArrivalMs) / 1000);
    if (!target.backup) meter('DeliveryToS3.ObjectCount', 1);
    if (target.counts) meter('PerPartitionThroughput', content.length / (Math.max(1, nowMs - openedMs) / 1000));
  }

  return async (buffer, signal) => {
    let key = objectKey(buffer, plan, deliveryStream, version, clock.now());
    const { errorType, backup } = buffer.target;
    const bucket = backup ? plan.backup!.bucket : plan.bucket;
    const { compress, contentEncoding } = errorType
      ? compressions.UNCOMPRESSED
      : (backup ? plan.backup! : plan).compression;
    const converting = errorType || backup ? undefined : plan.conversion;
    const to = backup ? 'BackupToS3' : 'DeliveryToS3';
    const convert = (blocks: readonly Buffer[], conversion: ConversionPlan) =>
      toParquet(blocks, conversion).catch((error: unknown) => {
        if (!refusesRows(error))
          throw new Error(`Parquet could not be made: ${(error as Error).message}`, { cause: error });
        const target = { ...buffer.target, errorType: 'format-conversion-failed' as const };
        key = objectKey({ ...buffer, target }, plan, deliveryStream, version, clock.now());
        return unconverted(blocks, error, conversion, buffer.oldestArrivalMs, clock.now());
      });
    let body: Buffer | undefined;
    let failingSinceMs: number | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        await gate(async () => {
          signal.throwIfAborted();
          const blocks = buffer.content.blocks();
          body ??= converting ? await convert(blocks, converting) : await compress(blocks, key, clock.now());
          await sink.put({ bucket, key, body, ...(contentEncoding ? { contentEncoding } : {}) }, signal);
        });
        break;
      } catch (error) {
        if (signal.aborted) return false;
        meter(`${to}.Success`, 0);
        trouble.began(key, causeOf(error));
        errorLog?.say(...s3Failure(error));
        const nowMs = clock.now();
        failingSinceMs ??= nowMs;
        const next = nextTry(pace, attempt, nowMs - failingSinceMs);
        if (next.overdue) overdue.began(key, causeOf(error));
        await clock.sleep(next.pauseMs, signal);
        if (signal.aborted) return false;
      }
    }
    trouble.ended(key);
    overdue.ended(key);
    errorLog?.reset();
    measure(buffer, clock.now());
    try {
      const { records, content, notes } = buffer;
      if (observer && (notes.length > 0 || observer.wanted()))
        observer.delivered({ deliveryStream, bucket, key, records, bytes: content.length, at: clock.now() }, notes);
    } catch {
      // A view that fails has no say in delivery.
    }
    return true;
  };
}

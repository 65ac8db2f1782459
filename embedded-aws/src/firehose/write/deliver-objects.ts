import type { Log } from '../../service.js';
import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import { type createErrorLog, s3Failure } from '../error-log.js';
import { causeOf, createFailureLog } from '../failure-log.js';
import { createLimiter } from '../limiter.js';
import type { Meter } from '../meter.js';
import type { DeliveryObserver } from '../observer.js';
import type { DeliveryClock, ObjectSink } from '../ports.js';
import type { DeliveryTarget } from '../route/targets.js';
import type { OpenBuffer } from './buffers.js';
import { type ObjectBody, objectBody } from './object-body.js';
import { objectKey } from './object-name.js';
import { nextTry, retryPace } from './retry-pace.js';

/** How many objects are compressed and put at a time. */
export const concurrentPuts = 8;

/** Puts a buffer into S3 as one object, retrying until S3 takes it; false when `signal` ended the attempts. */
export type DeliverObject = (buffer: OpenBuffer<DeliveryTarget>, signal: AbortSignal) => Promise<boolean>;

/** The delivery of one delivery stream; at most `concurrentPuts` objects at a time. */
export function createObjectDelivery({
  configuration,
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
  configuration: DeliveryConfiguration;
  sink: ObjectSink;
  deliveryStream: string;
  version: number;
  clock: DeliveryClock;
  log: Log;
  observer?: DeliveryObserver | undefined;
  meter: Meter;
  errorLog?: ReturnType<typeof createErrorLog>;
  timeScale: number;
}): DeliverObject {
  const limited = createLimiter(concurrentPuts);
  const failureLog = createFailureLog(log, {
    failing: (cause) =>
      `S3 does not take objects for ${configuration.bucket} (${cause}); retrying until it does, the records stay in the stream`,
    working: () => `S3 takes objects for ${configuration.bucket} again`,
  });

  const pace = retryPace(configuration.retryMs, configuration.intervalMs / timeScale);
  const overdue = createFailureLog(log, {
    failing: (cause) =>
      `S3 has not taken an object for ${configuration.bucket} within the retry duration of ${configuration.retryMs / 1000} s (${cause}); the records are kept, ` +
      `and it is retried every ${pace.laterMs / 1000} s. UpdateDestination can give them another place`,
    working: () => `S3 has taken the overdue objects for ${configuration.bucket}`,
  });

  function measure(
    { content, records, openedMs, oldestArrivalMs, target }: OpenBuffer<DeliveryTarget>,
    nowMs: number,
  ): void {
    const to = target.backup ? 'BackupToS3' : 'DeliveryToS3';
    meter(`${to}.Success`, 1);
    meter(`${to}.Bytes`, content.length);
    meter(`${to}.Records`, records);
    meter(`${to}.DataFreshness`, Math.max(0, nowMs - oldestArrivalMs) / 1000);
    if (!target.backup) meter('DeliveryToS3.ObjectCount', 1);
    if (target.counts) meter('PerPartitionThroughput', content.length / (Math.max(1, nowMs - openedMs) / 1000));
  }

  return async (buffer, signal) => {
    let key = objectKey(buffer, configuration, deliveryStream, version, clock.wallMs());
    const { backup } = buffer.target;
    const bucket = backup ? configuration.backup!.bucket : configuration.bucket;
    const to = backup ? 'BackupToS3' : 'DeliveryToS3';
    let made: ObjectBody | undefined;
    let failingSinceMs: number | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        await limited(async () => {
          signal.throwIfAborted();
          if (!made) {
            made = await objectBody(buffer, configuration, key, clock.wallMs());
            if (made.failed) {
              const target = { ...buffer.target, errorType: made.failed };
              key = objectKey({ ...buffer, target }, configuration, deliveryStream, version, clock.wallMs());
            }
          }
          const { body, contentEncoding } = made;
          await sink.put({ bucket, key, body, ...(contentEncoding ? { contentEncoding } : {}) }, signal);
        });
        break;
      } catch (error) {
        if (signal.aborted) return false;
        meter(`${to}.Success`, 0);
        failureLog.failed(key, causeOf(error));
        errorLog?.log(...s3Failure(error));
        const nowMs = clock.wallMs();
        failingSinceMs ??= nowMs;
        const next = nextTry(pace, attempt, nowMs - failingSinceMs);
        if (next.overdue) overdue.failed(key, causeOf(error));
        await clock.sleep(next.pauseMs, signal);
        if (signal.aborted) return false;
      }
    }
    failureLog.recovered(key);
    overdue.recovered(key);
    errorLog?.reset();
    measure(buffer, clock.wallMs());
    try {
      const { records, content, notes } = buffer;
      if (observer && (notes.length > 0 || observer.wanted()))
        observer.delivered({ deliveryStream, bucket, key, records, bytes: content.length, at: clock.wallMs() }, notes);
    } catch {
      // An observer that fails must not stop delivery.
    }
    return true;
  };
}

import { createGzip } from 'node:zlib';
import type { Log } from '../part.js';
import type { Clock } from './clock.js';
import { type createErrorLog, s3Failure } from './error-log.js';
import { createGate } from './gate.js';
import type { Meter } from './meter.js';
import { objectKey } from './object-name.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryPlan } from './plan.js';
import type { DeliveryBuffer } from './route-records.js';
import type { ObjectSink } from './seams.js';
import { backoffMs, causeOf, createTrouble } from './trouble.js';

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
}): DeliverObject {
  const gate = createGate(concurrentPuts);
  const trouble = createTrouble(log, {
    failing: (cause) =>
      `S3 does not take objects for ${plan.bucket} (${cause}); trying again until it does, the records stay in the stream`,
    working: () => `S3 takes objects for ${plan.bucket} again`,
  });

  function measure({ content, records, openedMs, oldestArrivalMs, target }: DeliveryBuffer, nowMs: number): void {
    meter('DeliveryToS3.Success', 1);
    meter('DeliveryToS3.ObjectCount', 1);
    meter('DeliveryToS3.Bytes', content.length);
    meter('DeliveryToS3.Records', records);
    meter('DeliveryToS3.DataFreshness', Math.max(0, nowMs - oldestArrivalMs) / 1000);
    if (target.counts) meter('PerPartitionThroughput', content.length / (Math.max(1, nowMs - openedMs) / 1000));
  }

  return async (buffer, signal) => {
    const key = objectKey(buffer, plan, deliveryStream, version, clock.now());
    const gzip = plan.gzip && buffer.target.errorType === undefined;
    let body: Buffer | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        await gate(async () => {
          signal.throwIfAborted();
          const blocks = buffer.content.blocks();
          body ??= gzip ? await gzipBlocks(blocks) : Buffer.concat(blocks);
          await sink.put({ bucket: plan.bucket, key, body, ...(gzip ? { contentEncoding: 'gzip' } : {}) }, signal);
        });
        break;
      } catch (error) {
        if (signal.aborted) return false;
        meter('DeliveryToS3.Success', 0);
        trouble.began(key, causeOf(error));
        errorLog?.say(...s3Failure(error));
        await clock.sleep(backoffMs(attempt, 100, 5_000), signal);
        if (signal.aborted) return false;
      }
    }
    trouble.ended(key);
    errorLog?.reset();
    measure(buffer, clock.now());
    try {
      const { records, content, notes } = buffer;
      if (observer && (notes.length > 0 || observer.wanted()))
        observer.delivered(
          { deliveryStream, bucket: plan.bucket, key, records, bytes: content.length, at: clock.now() },
          notes,
        );
    } catch {
      // A view that fails has no say in delivery.
    }
    return true;
  };
}

/** Off the main thread, block by block, so that a buffer is never held a second time as a whole. */
function gzipBlocks(blocks: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gzip = createGzip({ chunkSize: 64 * 1024 });
    const compressed: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
    gzip.on('error', reject);
    gzip.on('end', () => resolve(Buffer.concat(compressed)));
    for (const block of blocks) gzip.write(block);
    gzip.end();
  });
}

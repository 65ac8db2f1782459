import type { Log } from '../service.js';
import type { KinesisStore } from './store.js';
import type { StoredStream } from './stored-stream.js';

/** Records that were written before this second are expired. */
export const horizonOf = (stream: StoredStream, nowMs: number): number =>
  Math.floor(nowMs / 1000) - stream.RetentionPeriodHours * 3600;

/**
 * Removes segments whose records are all older than their stream's retention. Readers are given no expired record,
 * also of segments that have others.
 */
export async function trimExpired(store: KinesisStore, nowMs: number, log: Log): Promise<void> {
  for (const stream of await store.streams()) {
    const { StreamName: name, RetentionPeriodHours: hours } = stream;
    if (await store.opened(name).log.expire(horizonOf(stream, nowMs) * 1000))
      log(`Kinesis: removed what is older than ${hours} hours from stream ${name}`);
  }
}

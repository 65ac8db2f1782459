import { backoffMs } from '@millrace/kit/backoff';
import type { Log } from '../../service.js';
import { causeOf, type FailureLog } from '../failure-log.js';
import type { Meter } from '../meter.js';
import type { DeliveryClock, SourceRecord, StreamSource } from '../ports.js';
import type { Position } from './position.js';

/**
 * Kinesis allows five reads and 2 MiB a second and shard.
 * https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
 */
const leastBetweenReadsMs = 200;
const bytesPerMs = (2 * 1024 * 1024) / 1000;
/** After a read that found nothing; the shard may have more behind it, when the source says that it is behind. */
const quietMs = 250;
/** How many of these pauses follow each other while the source says that nothing changed: 5 s. A change ends them. */
const mostQuietPauses = 20;
/** The most that one read should bring, in bytes; the sizes so far say how many records that is. */
const readBytes = 2 * 1024 * 1024;
const firstLimit = 100;
const mostRecords = 10_000;

/** The options of `readShard`. */
export interface ShardReading {
  shardId: string;
  from: Position;
  source: StreamSource;
  clock: DeliveryClock;
  log: Log;
  failureLog: FailureLog;
  meter: Meter;
  signal: AbortSignal;
  /** Runs the read and its `take` once there is room in memory, a few shards at a time. */
  admit: (work: () => Promise<void>) => Promise<void>;
  /** Takes the shard's records in, in order. */
  take: (shardId: string, records: readonly SourceRecord[]) => Promise<void>;
}

/** Reads the shard until it is closed and read to its end, or `signal` ends it; retries after every failure. */
export async function readShard(reading: ShardReading): Promise<'ended' | 'stopped'> {
  const { shardId, source, clock, log, failureLog, meter, signal, admit, take } = reading;
  let after = reading.from.sequenceNumber;
  let iterator: string | undefined;
  let limit = firstLimit;
  let ended = false;
  /** Failed reads since the last that worked. */
  let failures = 0;

  while (!signal.aborted) {
    const begunMs = clock.wallMs();
    const changes = source.changes?.();
    let pauseMs = quietMs;
    let pauses = 1;
    try {
      await admit(async () => {
        if (signal.aborted) return;
        iterator ??= await source.iterator(shardId, after, signal);
        const { records, next, behindMs } = await source.read(iterator, limit, signal);
        if (behindMs !== undefined) meter('KinesisMillisBehindLatest', behindMs);
        const last = records.at(-1);
        if (last) {
          await take(shardId, records);
          after = last.sequenceNumber;
          const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
          if (!source.unlimited) {
            meter('DataReadFromKinesisStream.Records', records.length);
            meter('DataReadFromKinesisStream.Bytes', bytes);
          }
          limit = Math.max(
            1,
            Math.min(mostRecords, Math.floor((readBytes * records.length) / Math.max(1, bytes)), limit * 4),
          );
          // If the clock was set back meanwhile, no time counts as passed.
          pauseMs = source.unlimited
            ? 0
            : Math.max(leastBetweenReadsMs, bytes / bytesPerMs) - Math.max(0, clock.wallMs() - begunMs);
        } else if (changes !== undefined && !behindMs) pauses = mostQuietPauses;
        iterator = next;
        ended = next === undefined;
      });
      if (signal.aborted && !ended) break;
      failures = 0;
      failureLog.recovered(shardId);
      if (ended) return 'ended';
    } catch (error) {
      if (signal.aborted) break;
      failures++;
      const { name } = error as Error;
      if (name === 'ExpiredIteratorException') {
        // Iterators last five minutes; reading may have paused for longer.
        iterator = undefined;
        pauseMs = leastBetweenReadsMs;
      } else if (name === 'ProvisionedThroughputExceededException') {
        // Others read this shard as well: the next try only waits longer.
        meter(iterator === undefined ? 'ThrottledGetShardIterator' : 'ThrottledGetRecords', 1);
        pauseMs = backoffMs(failures, { baseMs: 400, capMs: 5_000, fixedShare: 0.5 });
      } else if (name === 'InvalidArgumentException' && iterator === undefined && after !== undefined) {
        log(
          `shard ${shardId} does not know the stored position ${after} (${causeOf(error)}): was the stream deleted and created again, or restored? ` +
            'Reading continues at the oldest record that the shard has. Some records may come twice; those that it no longer has are lost.',
        );
        after = undefined;
      } else {
        failureLog.failed(shardId, causeOf(error));
        iterator = undefined;
        pauseMs = backoffMs(failures, { baseMs: 250, capMs: 5_000, fixedShare: 0.5 });
      }
    }
    if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    for (; pauses > 1 && source.changes?.() === changes && !signal.aborted; pauses--)
      await Promise.race([clock.sleep(quietMs, signal), ...(source.changed ? [source.changed()] : [])]);
  }
  return 'stopped';
}

import type { Log } from '../../service.js';
import type { DeliveryClock, StreamSource } from '../ports.js';
import type { Position } from './position.js';

/**
 * Logs each position that is older than the stream's retention: records after it may have been trimmed before they were
 * read.
 */
export async function warnOfTrimming({
  source,
  stored,
  clock,
  log,
  signal,
}: {
  source: StreamSource;
  stored: ReadonlyMap<string, Position>;
  clock: Pick<DeliveryClock, 'wallMs'>;
  log: Log;
  signal: AbortSignal;
}): Promise<void> {
  const unfinished = [...stored].filter(([, { finished, arrivalMs }]) => !finished && arrivalMs !== undefined);
  if (unfinished.length === 0) return;
  const retentionMs = await source.retentionMs(signal);
  const nowMs = clock.wallMs();
  for (const [shardId, { arrivalMs }] of unfinished) {
    if (nowMs - arrivalMs! <= retentionMs) continue;
    log(
      `WARNING: shard ${shardId} was last read at a record of ${new Date(arrivalMs!).toISOString()}. The stream keeps records for ` +
        `${retentionMs / 3_600_000} hours: any that arrived between then and ${new Date(nowMs - retentionMs).toISOString()} are LOST`,
    );
  }
}

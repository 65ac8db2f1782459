import { randomUUID } from 'node:crypto';
import type { StoredShard, StoredStream, StreamMode } from '../stored-stream.js';

/** A stream as 0.1.0 stored it. */
export interface OldStream {
  StreamName: string;
  StreamARN: string;
  StreamStatus: 'CREATING' | 'DELETING' | 'ACTIVE' | 'UPDATING';
  StreamModeDetails?: { StreamMode: StreamMode };
  RetentionPeriodHours: number;
  StreamCreationTimestamp: number;
  Shards: StoredShard[];
  /** The next index of a sequence number, one for five shards. */
  _seqIx: (number | null)[];
  _tags: Record<string, string>;
}

/** The stream as it is stored now; undefined for one that was half made or half deleted when 0.1.0 was killed. */
export function streamOf(old: OldStream): StoredStream | undefined {
  if (old.StreamStatus === 'CREATING' || old.StreamStatus === 'DELETING') return undefined;
  return {
    id: randomUUID(),
    StreamName: old.StreamName,
    StreamARN: old.StreamARN,
    StreamStatus: 'ACTIVE',
    StreamModeDetails: old.StreamModeDetails ?? { StreamMode: 'PROVISIONED' },
    RetentionPeriodHours: old.RetentionPeriodHours,
    StreamCreationTimestamp: old.StreamCreationTimestamp,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
    Shards: old.Shards,
    tags: old._tags,
    spans: [],
  };
}

import type { SourceRecord } from './process-records.js';

/** What delivery asks of Kinesis and of S3, and no more. Errors keep the names that AWS gives them. */
export interface StreamSource {
  /** It may be read as often and as fast as one likes; Kinesis has limits for each shard. */
  readonly unlimited?: true;
  /** Every shard that the stream still knows. */
  shards(signal: AbortSignal): Promise<Shard[]>;
  /** An iterator just after the record, or at the oldest one that the shard still has. */
  iterator(shardId: string, after: string | undefined, signal: AbortSignal): Promise<string>;
  read(iterator: string, limit: number, signal: AbortSignal): Promise<ShardBatch>;
  /** How long the stream keeps a record. */
  retentionMs(signal: AbortSignal): Promise<number>;
}

export interface Shard {
  id: string;
  /** The shards that it was split or merged from. */
  parents: string[];
}

export interface ShardBatch {
  records: SourceRecord[];
  /** How far behind the shard's newest record they are, where the source says so. */
  behindMs?: number;
  /** Absent when a closed shard has been read to its end. */
  next?: string;
}

export interface ObjectSink {
  put(
    object: { bucket: string; key: string; body: Buffer; contentEncoding?: string },
    signal: AbortSignal,
  ): Promise<void>;
}

import type { Clock } from '@millrace/kit/clock';

/** Time as delivery sees it. */
export type DeliveryClock = Pick<Clock, 'wallMs' | 'sleep'>;

/** A record as it was read from the stream. */
export interface SourceRecord {
  sequenceNumber: string;
  /** Approximate arrival in the stream, in milliseconds since 1970. */
  arrivalMs: number;
  data: Buffer;
  /** Absent where the record was put straight into the delivery stream. */
  partitionKey?: string;
}

/** The source of a delivery stream: a Kinesis stream, or its own log. Errors keep the names that AWS gives them. */
export interface StreamSource {
  /** Has no limits for each shard, as Kinesis has. */
  readonly unlimited?: true;
  /** A number that is another whenever a shard may have changed; absent where only a read can tell. */
  changes?(): number;
  /** Resolves when that number is another; absent with it. */
  changed?(): Promise<void>;
  /** Every shard that the stream still knows. */
  shards(signal: AbortSignal): Promise<Shard[]>;
  /** An iterator just after the record, or at the oldest one that the shard still has. */
  iterator(shardId: string, after: string | undefined, signal: AbortSignal): Promise<string>;
  read(iterator: string, limit: number, signal: AbortSignal): Promise<ShardBatch>;
  /** How long the stream keeps a record, in milliseconds. */
  retentionMs(signal: AbortSignal): Promise<number>;
}

/** A shard of a stream. */
export interface Shard {
  id: string;
  /** The shards that it was split or merged from. */
  parents: string[];
}

/** What one read of a shard gives. */
export interface ShardBatch {
  records: SourceRecord[];
  /** How far the records are behind the shard's newest one, in milliseconds, where the source says so. */
  behindMs?: number;
  /** Absent when a closed shard has been read to its end. */
  next?: string;
}

/** S3, as far as delivery needs it. Errors keep the names that AWS gives them. */
export interface ObjectSink {
  put(
    object: { bucket: string; key: string; body: Buffer; contentEncoding?: string },
    signal: AbortSignal,
  ): Promise<void>;
}

/** What delivery reads from and writes to: the embedded Kinesis and S3, or others behind an endpoint. */
export interface DeliveryPorts {
  source(streamName: string): StreamSource;
  sink: ObjectSink;
  close(): void;
}

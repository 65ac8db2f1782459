/** Kinesis' two capacity modes. */
export type StreamMode = 'PROVISIONED' | 'ON_DEMAND';

/** A shard as it lies in the store, and as Kinesis describes it. */
export interface StoredShard {
  ShardId: string;
  ParentShardId?: string;
  AdjacentParentShardId?: string;
  HashKeyRange: { StartingHashKey: string; EndingHashKey: string };
  SequenceNumberRange: { StartingSequenceNumber: string; EndingSequenceNumber?: string };
}

/** The numbers in the log between which all of a shard's records are. */
export interface ShardSpan {
  from: number;
  /** Of a closed shard: above all of them. */
  to?: number;
}

/** A stream as it lies in the store. */
export interface StoredStream {
  /** Names its log; a stream that is made again under its name has another. */
  id: string;
  StreamName: string;
  StreamARN: string;
  StreamStatus: 'ACTIVE';
  StreamModeDetails: { StreamMode: StreamMode };
  RetentionPeriodHours: number;
  /** Seconds since 1970. */
  StreamCreationTimestamp: number;
  EnhancedMonitoring: { ShardLevelMetrics: string[] }[];
  EncryptionType: 'NONE';
  Shards: StoredShard[];
  tags: Record<string, string>;
  /** One for each shard. */
  spans: ShardSpan[];
}

/**
 * Somebody who watches records travel: a live view. Nothing is kept or computed for it while it does not want to see
 * anything, and nothing that it throws reaches delivery.
 */
export interface DeliveryObserver<Note = unknown> {
  /** Asked for every record: whether anybody watches now. */
  wanted(): boolean;
  /**
   * One sub-record was read from the stream. What this returns is kept, and given back with the object that the record
   * lies in; keep it small.
   */
  read(record: Record<string, unknown>, from: RecordOrigin): Note | undefined;
  /** An object lies in S3, with the notes of those of its records that were watched, in their order. */
  delivered(object: DeliveredObject, notes: readonly Note[]): void;
}

/** Where and when a record was read. */
export interface RecordOrigin {
  deliveryStream: string;
  shardId: string;
  /** When it was read, in milliseconds since 1970. */
  at: number;
}

/** An object that lies in S3. */
export interface DeliveredObject {
  deliveryStream: string;
  bucket: string;
  key: string;
  records: number;
  /** Before compression. */
  bytes: number;
  /** When S3 had it, in milliseconds since 1970. */
  at: number;
}

/**
 * Watches records on their way, such as a live view. Delivery keeps and computes nothing for it while `wanted` is
 * false, and ignores what it throws.
 */
export interface DeliveryObserver<Note = unknown> {
  /** Whether anybody watches now; asked for every record. */
  wanted(): boolean;
  /**
   * A sub-record was read from the stream. `delivered` gets what this returns back; keep it small.
   */
  read(record: Record<string, unknown>, from: RecordOrigin): Note | undefined;
  /** An object lies in S3, with the notes of those of its records that were watched, in their order. */
  delivered(object: DeliveredObject, notes: readonly Note[]): void;
}

/** Where and when a record was read. */
export interface RecordOrigin {
  readonly deliveryStream: string;
  readonly shardId: string;
  /** When it was read, in milliseconds since 1970. */
  readonly at: number;
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

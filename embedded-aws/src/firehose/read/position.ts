/** How far a shard has been read, or how far all its records lie in S3. */
export interface Position {
  /** The last record that is done with; none before the first. */
  sequenceNumber?: string;
  /** That record's arrival in the stream, in milliseconds since 1970. */
  arrivalMs?: number;
  /** The shard is closed, and this is its end. */
  finished?: true;
  /**
   * By target, the last record beyond this position that lies in S3. A restart passes over those records, so that only
   * records that were on their way to S3 may come twice.
   */
  ahead?: { version: number | string; delivered: [key: string, sequenceNumber: string][] };
}

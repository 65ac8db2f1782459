/**
 * The sizes that the tracker, the ingest server and the lake agree on. Bytes are UTF-8 bytes; lengths are code points,
 * as JSON Schema counts them.
 */
export const limits = {
  /** One event as a JSON line, without its newline. */
  eventBytes: 16 * 1024,
  /** Events in one request, and in one packed Kinesis record (Firehose splits no more than 500 sub-records). */
  batchEvents: 500,
  /** One request's body, after decompression. */
  batchBytes: 1024 * 1024,
  /** `properties`, serialised. */
  propertiesBytes: 4 * 1024,
  propertiesKeys: 32,
  /**
   * Events of one stream, numbered from 0: a page that makes 16 events a second reaches it in a week, a kiosk that
   * makes one every three seconds in a year. Without a bound one number makes the audit miss quadrillions.
   */
  streamEvents: 10_000_000,
  /** `{"a":{"b":{"c":1}}}` is 3 deep. */
  propertiesDepth: 3,
  /**
   * A Firehose delivery stream's default quota of active partitions:
   * https://docs.aws.amazon.com/firehose/latest/dev/limits.html
   */
  activePartitions: 500,
  /** The most partitions of a catalogue, with `_other` and the quarantine's codes. It leaves room below the quota. */
  cataloguePartitions: 450,
} as const;

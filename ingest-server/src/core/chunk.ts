/**
 * One visitor's events out of one request, as JSON Lines, each line with its newline. It is the smallest unit that is
 * packed, spooled and put. It is never split, so a visitor's events keep their order inside it.
 */
export interface Chunk {
  /** `hashOf(visitor_id)`: decides the lane. */
  readonly hash: number;
  /** The number of lines; 0 for a row of the ledger. */
  readonly events: number;
  readonly data: Buffer;
  /** Its events as the ledger names them; empty or left out for what the ledger does not name. */
  readonly ledgerText?: string;
}

/**
 * What one packed record may hold: Firehose splits at most 500 sub-records, of which one is a row of the ledger, and
 * takes no record above 1,000 KiB.
 */
export const recordLimits = {
  events: 499,
  bytes: 1000 * 1024,
  /** A lane with this much does not linger. */
  targetBytes: 28_500,
} as const;

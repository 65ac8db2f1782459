/**
 * Sequence numbers in the layout that AWS hands out ("version 2"): one large decimal number, in hexadecimal `2`, shard
 * created (9 digits, seconds), last digit of the shard (1), index (16), `00`, written (9, seconds), shard (8), `2`.
 * Always 47 hexadecimal and 56 decimal digits, so their order as text is their order in the shard.
 */
export interface SequenceNumber {
  shardCreatedSeconds: number;
  shardIndex: number;
  /** The record's number in the stream's log. Exact below 2^53; the number that closes a shard is above. */
  index: number;
  writtenSeconds: number;
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** The number as Kinesis writes it, in decimal. */
export function formatSequenceNumber(number: SequenceNumber): string {
  const { shardCreatedSeconds, shardIndex, index, writtenSeconds } = number;
  const shard = hex(shardIndex, 8);
  return BigInt(
    `0x2${hex(shardCreatedSeconds, 9)}${shard.slice(-1)}${hex(index, 16)}00${hex(writtenSeconds, 9)}${shard}2`,
  ).toString();
}

/** Nothing when the text is not a sequence number of this layout. */
export function parseSequenceNumber(text: string): SequenceNumber | undefined {
  if (!/^\d{56}$/.test(text)) return undefined;
  const digits = BigInt(text).toString(16);
  if (digits.length !== 47 || !digits.startsWith('2') || !digits.endsWith('2')) return undefined;
  const part = (from: number, to: number) => Number.parseInt(digits.slice(from, to), 16);
  return {
    shardCreatedSeconds: part(1, 10),
    index: part(11, 27),
    writtenSeconds: part(29, 38),
    shardIndex: part(38, 46),
  };
}

import { AwsError } from '../json-service/aws-error.js';

/** A place in a shard from which GetRecords goes on. */
export interface ShardPosition {
  stream: string;
  shardIndex: number;
  /** A sequence number, or empty for the shard's beginning. */
  from: string;
  /** Whether the record with that number itself comes too. */
  inclusive: boolean;
}

const lifetimeMs = 300_000;

/** Opaque to clients, as on AWS. It holds its own time, because it expires after five minutes. */
export function encodeShardIterator(position: ShardPosition, now: number): string {
  const { stream, shardIndex, from, inclusive } = position;
  return Buffer.from(JSON.stringify(['shard-iterator', now, stream, shardIndex, from, inclusive])).toString('base64');
}

/** @throws AwsError InvalidArgumentException, ExpiredIteratorException. */
export function decodeShardIterator(text: string, now: number): ShardPosition {
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64').toString());
  } catch {
    // Answered below.
  }
  const [kind, at, stream, shardIndex, from, inclusive] = Array.isArray(fields) ? fields : [];
  if (
    kind !== 'shard-iterator' ||
    typeof at !== 'number' ||
    typeof stream !== 'string' ||
    !Number.isInteger(shardIndex) ||
    typeof from !== 'string' ||
    typeof inclusive !== 'boolean'
  )
    throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.');
  if (now - at > lifetimeMs)
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at time ${new Date(at).toUTCString()} while right now it is ${new Date(now).toUTCString()} ` +
        `which is further in the future than the tolerated delay of ${lifetimeMs} milliseconds.`,
    );
  return { stream, shardIndex, from, inclusive };
}

import { AwsError } from '../json-service/aws-error.js';

/** A place in a shard from which GetRecords goes on. */
export interface ShardPosition {
  stream: string;
  /** The stream's id: one that was made again under the name begins at its beginning. */
  id: string;
  shardIndex: number;
  /** The first number in the stream's log. */
  from: number;
  /** Records before the first one that came then or later are passed over. In milliseconds since 1970; 0 for none. */
  sinceMs: number;
}

const lifetimeMs = 300_000;

/** Opaque to clients, as on AWS. It holds its own time, because it expires after five minutes. */
export function encodeShardIterator({ stream, id, shardIndex, from, sinceMs }: ShardPosition, now: number): string {
  return Buffer.from(JSON.stringify(['shard-iterator', now, stream, id, shardIndex, from, sinceMs])).toString('base64');
}

/** @throws AwsError InvalidArgumentException, ExpiredIteratorException. */
export function decodeShardIterator(text: string, now: number): ShardPosition {
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64').toString());
  } catch {
    // Answered below.
  }
  const [kind, at, stream, id, shardIndex, from, sinceMs] = Array.isArray(fields) ? fields : [];
  if (
    kind !== 'shard-iterator' ||
    typeof stream !== 'string' ||
    typeof id !== 'string' ||
    ![at, shardIndex, from, sinceMs].every((number) => typeof number === 'number' && number >= 0) ||
    !Number.isInteger(shardIndex)
  )
    throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.');
  if (now - at > lifetimeMs)
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at time ${new Date(at).toUTCString()} while right now it is ${new Date(now).toUTCString()} ` +
        `which is further in the future than the tolerated delay of ${lifetimeMs} milliseconds.`,
    );
  return { stream, id, shardIndex, from, sinceMs };
}

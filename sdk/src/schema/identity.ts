/**
 * What makes an event the same as another. The id alone does not: whoever has the write key can send any id, and would
 * hide the event that it belongs to.
 */
export const identityColumns = ['event_id', 'stream_id', 'seq'] as const;

/** An event's identity, as far as it has one: what is put straight into the stream may lack `stream_id` and `seq`. */
export interface EventIdentity {
  readonly event_id: string;
  readonly stream_id?: unknown;
  readonly seq?: unknown;
}

/**
 * An identity as one text: events are the same when theirs is. An id in upper-case digits is the same id. Events
 * without stream and number are the same when they have the same id; none is the same as an event with them.
 */
export function identityText({ event_id: id, stream_id: stream, seq }: EventIdentity): string {
  const number = typeof seq === 'number' || typeof seq === 'string' ? seq : '';
  return `${id.toLowerCase()}/${number}/${typeof stream === 'string' ? stream : ''}`;
}

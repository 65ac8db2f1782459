/**
 * What makes an event the same as another. The id alone does not: whoever has the write key can send any id, and would
 * hide the event that it belongs to.
 */
export interface EventIdentity {
  readonly event_id: string;
  readonly stream_id: string;
  readonly seq: number;
}

/** An identity as one text. An id in upper-case digits is the same id. */
export const nameOf = ({ event_id: id, stream_id: stream, seq }: EventIdentity): string =>
  `${id.toLowerCase()}/${seq}/${stream}`;

/** The identity that `nameOf` wrote; undefined for other texts. */
export function identityOf(name: string): EventIdentity | undefined {
  const found = /^([^/]+)\/(\d+)\/(.*)$/s.exec(name);
  return found === null ? undefined : { event_id: found[1]!, seq: Number(found[2]), stream_id: found[3]! };
}

/** An accepted event's identity; `identityText` of the schema writes it. */
export interface EventIdentity {
  readonly event_id: string;
  readonly stream_id: string;
  readonly seq: number;
}

/** The identity in a text of `identityText`; undefined for other texts. */
export function identityOf(text: string): EventIdentity | undefined {
  const found = /^([^/]+)\/(\d+)\/(.*)$/s.exec(text);
  return found === null ? undefined : { event_id: found[1]!, seq: Number(found[2]), stream_id: found[3]! };
}

import { identityText, quarantinePage } from '@millrace/sdk/schema';
import { identityOf } from './event-identity.js';

interface Row {
  event_id?: unknown;
  stream_id?: unknown;
  seq?: unknown;
  page?: unknown;
  event?: unknown;
  received_at?: unknown;
}

function rowNameOf({ event_id: id, stream_id: stream, seq, page, event, received_at: receivedAt }: Row) {
  if (typeof id !== 'string') return undefined;
  if (page === quarantinePage) return `${quarantinePage}/${event}/${receivedAt}/${id}`;
  return typeof stream === 'string' && typeof seq === 'number'
    ? identityText({ event_id: id, stream_id: stream, seq })
    : undefined;
}

/**
 * A name for each row in JSON Lines: an event's identity. A quarantined one has instead its id, the reason and the
 * time, because the event may come again under its id, and be right. Lines that are not rows have none.
 */
export function rowNamesOf(data: Uint8Array): string[] {
  const names: string[] = [];
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString().split('\n')) {
    try {
      const name = rowNameOf((JSON.parse(line) ?? {}) as Row);
      if (name !== undefined) names.push(name);
    } catch {
      // Others may put into the stream too.
    }
  }
  return names;
}

/** The identities of the accepted events in JSON Lines. */
export const eventIdsOf = (data: Uint8Array): string[] =>
  rowNamesOf(data).filter((name) => identityOf(name) !== undefined);

import { quarantinePage } from '@millrace/sdk/schema';

interface Row {
  event_id?: unknown;
  page?: unknown;
  event?: unknown;
  received_at?: unknown;
}

const quarantined = `${quarantinePage}/`;

/**
 * What tells each of the rows in JSON Lines from the others: an event's is its `event_id`. A quarantined one's says what was wrong and when it came,
 * too, because the event may come again under its id, and be right. What is no row has none.
 */
export function rowNamesOf(data: Uint8Array): string[] {
  const names: string[] = [];
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString().split('\n')) {
    try {
      const { event_id: id, page, event, received_at: receivedAt } = (JSON.parse(line) ?? {}) as Row;
      if (typeof id === 'string')
        names.push(page === quarantinePage ? `${quarantined}${event}/${receivedAt}/${id}` : id);
    } catch {
      // Something else puts into the stream, too.
    }
  }
  return names;
}

/** The ids of the accepted events in JSON Lines. */
export const eventIdsOf = (data: Uint8Array): string[] =>
  rowNamesOf(data).filter((name) => !name.startsWith(quarantined));

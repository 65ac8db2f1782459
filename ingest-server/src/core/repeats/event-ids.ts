import { quarantinePage } from '@millrace/sdk/schema';

interface Row {
  event_id?: unknown;
  page?: unknown;
  event?: unknown;
  received_at?: unknown;
}

const quarantined = `${quarantinePage}/`;

/**
 * A name for each row in JSON Lines. An event's name is its `event_id`. A quarantined one's also has the reason and the
 * time, because the event may come again under its id, and be right. Lines that are not rows have none.
 */
export function rowNamesOf(data: Uint8Array): string[] {
  const names: string[] = [];
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString().split('\n')) {
    try {
      const { event_id: id, page, event, received_at: receivedAt } = (JSON.parse(line) ?? {}) as Row;
      if (typeof id === 'string')
        names.push(page === quarantinePage ? `${quarantined}${event}/${receivedAt}/${id}` : id);
    } catch {
      // Others may put into the stream too.
    }
  }
  return names;
}

/** The ids of the accepted events in JSON Lines. */
export const eventIdsOf = (data: Uint8Array): string[] =>
  rowNamesOf(data).filter((name) => !name.startsWith(quarantined));

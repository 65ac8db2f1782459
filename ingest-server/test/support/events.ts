import { uuidV7 } from '@millrace/kit/uuid';
import { ledgerPage, type MillraceEvent } from '@millrace/sdk/schema';

/** A valid event; `fields` replaces and adds. */
export function someEvent(fields: Record<string, unknown> = {}): MillraceEvent {
  return {
    event_id: uuidV7(Date.now()),
    event: 'liked_item',
    page: 'books',
    event_time: '2026-11-23T08:00:00.000Z',
    visitor_id: 'visitor-1',
    session_id: 'session-1',
    stream_id: 'stream-1',
    seq: 0,
    os: 'ios',
    device: 'mobile',
    sdk: 'millrace-test/1.0.0',
    ...fields,
  } as MillraceEvent;
}

export const jsonLines = (events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** The events of packed records, in the order of the records, without the ledger. */
export const eventsIn = (records: readonly { data: Uint8Array }[]): Record<string, unknown>[] =>
  linesIn(records).filter(({ page }) => page !== ledgerPage);

/** The lines of packed records, in the order of the records. */
export function linesIn(records: readonly { data: Uint8Array }[]): Record<string, unknown>[] {
  return records.flatMap(({ data }) =>
    Buffer.from(data)
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

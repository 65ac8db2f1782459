import type { MillraceEvent } from '@millrace/sdk/schema';

function cell(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
}

/** An event for people, in aligned columns: when, what, where, which item and how many, on what, who, and its number in the stream. */
export function eventLine(event: MillraceEvent): string {
  const item = event.item_id === undefined ? '' : `${event.item_id} ${event.item_name ?? ''}`;
  const quantity = event.item_quantity === undefined ? '' : `× ${event.item_quantity}`;
  return [
    event.event_time.slice(11, 23),
    cell(event.event, 24),
    cell(event.page, 11),
    cell(item, 30),
    cell(quantity, 4),
    cell(`${event.os}/${event.device}`, 15),
    // The end of a UUIDv7 is what tells visitors apart.
    `visitor …${event.visitor_id.slice(-6)}`,
    `#${event.seq}`,
  ].join('  ');
}

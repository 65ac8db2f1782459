import type { MillraceEvent } from '@millrace/sdk/schema';

function cell(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
}

/**
 * An event as one line in aligned columns: time, event, page, item and quantity, device, visitor, position in its
 * stream.
 */
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
    // The start of a UUIDv7 is its time: the end tells visitors apart.
    `visitor …${event.visitor_id.slice(-6)}`,
    `#${event.seq}`,
  ].join('  ');
}

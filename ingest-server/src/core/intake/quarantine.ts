import { type EventErrorCode, type QuarantinedEvent, quarantinePage } from '@millrace/sdk/schema';
import { recordLimits } from '../chunk.js';
import { serialise } from './serialise.js';

/** A row and its newline must fit into one packed record. */
const maxRowBytes = recordLimits.bytes - 1;

/** Why an event is rejected, as in the answer. `index` counts the body's events from 0. */
export interface Rejection {
  index: number;
  event_id?: string;
  code: EventErrorCode;
  path: string;
  message: string;
}

/** A rejected event and its original text. */
export interface QuarantineRow {
  rejection: Rejection;
  eventId: string;
  receivedAt: string;
  raw: string;
}

/** Cuts between characters, so that no half of a surrogate pair stays. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/**
 * A rejected event as the line that is stored, at most one record long. A longer text is cut, and the reason gives both
 * lengths.
 */
export function quarantineLine({ rejection, eventId, receivedAt, raw }: QuarantineRow): string {
  const place = rejection.path === '' ? 'the event' : rejection.path;
  const row: QuarantinedEvent = {
    event_id: eventId,
    page: quarantinePage,
    event: `_${rejection.code}`,
    received_at: receivedAt,
    reason: `${place}: ${rejection.message}`,
    raw,
  };
  let line = serialise(row);
  // Most lines cannot come near the limit: one code unit is at most 6 bytes of JSON.
  if (line.length * 3 <= maxRowBytes) return line;
  const sentBytes = Buffer.byteLength(raw);
  for (let bytes = Buffer.byteLength(line); bytes > maxRowBytes; bytes = Buffer.byteLength(line)) {
    row.raw = cut(row.raw, Math.floor((row.raw.length * maxRowBytes) / bytes) - 64);
    row.reason = `${place}: ${rejection.message}; only the first ${Buffer.byteLength(row.raw)} of its ${sentBytes} bytes are kept`;
    line = serialise(row);
  }
  return line;
}

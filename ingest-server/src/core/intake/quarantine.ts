import { type QuarantinedEvent, quarantinePage } from '@millrace/sdk/schema';
import { recordLimits } from '../chunk.js';
import { briefRejection, type Rejection } from './rejection.js';
import { serialise } from './serialise.js';

/** A row and its newline must fit into one packed record. */
const maxRowBytes = recordLimits.bytes - 1;
/** What a batch's rows may have beyond the bytes that were sent, so that a small body cannot fill the lake. */
export const quarantineSlack = 16 * 1024;
/** Kept back for what the last row says of those that are not kept. */
const noteBytes = 256;

/** A rejected event and its original text. */
export interface RejectedLine {
  rejection: Rejection;
  eventId: string;
  /** Where it has one that can be read. */
  visitorId?: string | undefined;
  /** `hashOf` its visitor. */
  hash: number;
  raw: string;
}

/** What the server knows of all events of a batch. */
export type QuarantineStamp = Pick<QuarantinedEvent, 'received_at' | 'site' | 'is_bot'>;

/** A row to store. */
export interface QuarantineLine {
  /** Of the rejected event among those of the batch. */
  index: number;
  hash: number;
  line: string;
}

/** Cuts between characters, so that no half of a surrogate pair stays. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, Math.max(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length));
}

function rowOf({ rejection, eventId, raw }: RejectedLine, stamp: QuarantineStamp): QuarantinedEvent {
  const { code, path, message } = briefRejection(rejection);
  const reason = `${path === '' ? 'the event' : path}: ${message}`;
  return { event_id: eventId, page: quarantinePage, event: `_${code}`, ...stamp, reason, raw };
}

/** The row as a line of at most `maxBytes`: its text is cut, and the reason says so. */
function fitted(row: QuarantinedEvent, maxBytes: number, note = ''): string {
  const { raw, reason } = row;
  const sentBytes = Buffer.byteLength(raw);
  const written = (kept: string) => {
    const loss = kept === raw ? '' : `; only the first ${Buffer.byteLength(kept)} of its ${sentBytes} bytes are kept`;
    return serialise({ ...row, reason: `${reason}${loss}${note}`, raw: kept });
  };
  let kept = raw;
  let line = written(kept);
  for (let bytes = Buffer.byteLength(line); bytes > maxBytes && kept !== ''; bytes = Buffer.byteLength(line)) {
    kept = cut(kept, Math.floor((kept.length * maxBytes) / bytes) - 64);
    line = written(kept);
  }
  return line;
}

/**
 * A batch's rejected events as the rows that are stored: `maxBytes` at most, newlines included. Where that does not
 * hold all, the small rows are kept whole, the next one is cut, and its reason says how many are not kept.
 */
export function quarantineLines(
  rejected: readonly RejectedLine[],
  { stamp, maxBytes }: { stamp: QuarantineStamp; maxBytes: number },
): QuarantineLine[] {
  const rows = rejected.map((one, index) => {
    const row = rowOf(one, stamp);
    const line = fitted(row, maxRowBytes);
    return { index, hash: one.hash, row, line, bytes: Buffer.byteLength(line) + 1 };
  });
  let left = maxBytes;
  for (const { bytes } of rows) left -= bytes;
  if (left >= 0) return rows;

  left = maxBytes - noteBytes;
  const bySize = rows.toSorted((a, b) => a.bytes - b.bytes);
  let whole = 0;
  while (whole < bySize.length && bySize[whole]!.bytes <= left) left -= bySize[whole++]!.bytes;
  const kept = bySize.slice(0, whole);
  const next = bySize[whole];
  // One that has room for nothing of its text is not worth a row, unless it is the only one.
  const isCut =
    next !== undefined && (whole === 0 || left > Buffer.byteLength(serialise({ ...next.row, raw: '' })) + 128);
  if (isCut) kept.push(next);
  const last = kept.at(-1)!;
  const unkept = rows.length - kept.length;
  const note = unkept === 0 ? '' : `; ${unkept} more rejected events of this batch are not kept`;
  last.line = fitted(last.row, (isCut ? left : last.bytes) - 1 + noteBytes, note);
  return kept.sort((a, b) => a.index - b.index);
}

import { quarantinePage } from './catalogue.js';

export { quarantinePage };

/** The page under which the server files what it acknowledged. */
export const ledgerPage = '_ledger';
/** The pages whose rows are no events. */
export const pagesWithoutEvents: readonly string[] = [quarantinePage, ledgerPage];
/** The event of its rows. */
export const ledgerEvent = '_acknowledged';

/** An event as the ledger names it. */
export interface LedgerIdentity {
  stream_id: string;
  seq: number;
  event_id: string;
}

/** What the ledger says of one event: its place in its stream, and a check of its id. */
export interface LedgerEntry {
  streamId: string;
  seq: number;
  /** `checkOf` its `event_id`. */
  check: string;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const checkLength = 4;

/**
 * The last 24 bits of a UUID, which are random, in Base64. With stream and `seq` it tells an event from another that
 * somebody sent for the same place.
 */
export function checkOf(eventId: string): string {
  const bits = Number.parseInt(eventId.slice(-6), 16);
  return digits[bits >> 18]! + digits[(bits >> 12) & 63]! + digits[(bits >> 6) & 63]! + digits[bits & 63]!;
}

const plainId = /^[\w-]+$/;

/** A stream's id, so that the marks between entries are not in it: as it is, or as `=` and URI text. */
const shortStream = (streamId: string) =>
  plainId.test(streamId) ? streamId : `=${encodeURIComponent(streamId.replace(/\p{Surrogate}/gu, '\ufffd'))}`;

const longStream = (short: string) => (short.startsWith('=') ? decodeURIComponent(short.slice(1)) : short);

/**
 * Events as the ledger writes them: each stream, and for each run of its positions the first and the checks of all, as
 * `mij4zk0v3f8a1c02d9e7:0:x3Kf9aBc,7:Qw1z`.
 */
export function ledgerText(events: readonly LedgerIdentity[]): string {
  let text = '';
  let last: LedgerIdentity | undefined;
  for (const event of events) {
    if (last === undefined || event.stream_id !== last.stream_id) {
      text += `${last === undefined ? '' : ' '}${shortStream(event.stream_id)}:${event.seq}:`;
    } else if (event.seq !== last.seq + 1) text += `,${event.seq}:`;
    text += checkOf(event.event_id);
    last = event;
  }
  return text;
}

/** What a row's `acknowledged` names; undefined for a text that no server wrote. An empty row fills a gap. */
export function readLedger(acknowledged: string): LedgerEntry[] | undefined {
  const entries: LedgerEntry[] = [];
  if (acknowledged === '') return entries;
  for (const ofStream of acknowledged.split(' ')) {
    const match = /^([\w-]+|=[^:]+):(\d{1,16}:(?:[\w-]{4})+(?:,\d{1,16}:(?:[\w-]{4})+)*)$/.exec(ofStream);
    if (match === null) return undefined;
    let streamId: string;
    try {
      streamId = longStream(match[1]!);
    } catch {
      return undefined;
    }
    for (const run of match[2]!.split(',')) {
      const [first = '', checks = ''] = run.split(':');
      for (let at = 0; at < checks.length; at += checkLength) {
        entries.push({ streamId, seq: Number(first) + at / checkLength, check: checks.slice(at, at + checkLength) });
      }
    }
  }
  return entries;
}

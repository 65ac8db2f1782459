import { type Catalogue, fileUnderOther, type StoredEvent } from '@millrace/sdk/schema';
import type { Chunk } from '../chunk.js';
import { hashOf } from '../hash.js';
import type { EventIdentity } from '../repeats/event-identity.js';
import { createWarnings, type Warning } from './catalogue-warnings.js';
import { createChunker } from './chunker.js';
import { formatTime } from './iso-time.js';
import { exactEvent, isObject, type Judged, judge } from './judge.js';
import { createTimeCorrection, type Occurred } from './occurred-at.js';
import { type QuarantineLine, quarantineLines, quarantineSlack, type RejectedLine } from './quarantine.js';
import { briefRejection, type RejectedEvent, type Rejection } from './rejection.js';
import { type SentLine, textOf } from './sent-line.js';
import { serialise } from './serialise.js';

/** What became of one request's events. */
export interface Intake {
  chunks: Chunk[];
  /** Events in the chunks. */
  accepted: number;
  /** Events that were safe before, or came twice in this request; they are not in the chunks. */
  duplicates: number;
  rejected: Rejection[];
  /** Those of them that have no row in the chunks: the batch had more than the quarantine takes of one. */
  unkept: number;
  warnings: Warning[];
  /** The accepted events that are stored, and the rejected ones; both empty unless `keepEvents`. */
  events: StoredEvent[];
  rejectedEvents: RejectedEvent[];
}

/** What a request and the server add to its events. */
export interface IntakeContext {
  names: DeclaredNames;
  /** The bytes of the body as it arrived. */
  sentBytes: number;
  /** When the request arrived, in milliseconds since 1970. */
  receivedAt: number;
  /** When the client sent it, by its own clock; undefined when unknown. */
  sentAt: number | undefined;
  /** The name of its write key. */
  site: string;
  isBot: boolean;
  keepEvents: boolean;
  isRepeat(event: EventIdentity): boolean;
  newId(now: number): string;
}

/** The names that have partitions of their own. */
export interface DeclaredNames {
  pages: ReadonlySet<string>;
  events: ReadonlySet<string>;
}

/** A catalogue's names, as sets. */
export function declaredNames(catalogue: Catalogue): DeclaredNames {
  return { pages: new Set(catalogue.pages), events: new Set(catalogue.events) };
}

/** A short text under `key` of what may not be an object at all. */
function readableText(value: unknown, key: string): string | undefined {
  const text = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof text === 'string' && text !== '' && text.length <= 64 ? text : undefined;
}

/** What stands behind the fields that were sent, in place of the closing brace; only `occurred` differs. */
function createTail(receivedText: string, { site, isBot }: IntakeContext): (occurred: Occurred) => string {
  const begin = `,"received_at":"${receivedText}"`;
  const end = `,"site":"${site}","is_bot":${isBot}}`;
  return ({ at, isClockOff }) => {
    if (at === undefined) return begin + end;
    return `${begin},"occurred_at":"${at}"${isClockOff ? ',"clock_off":true' : ''}${end}`;
  };
}

const beyondAscii = /[^\0-\x7f]/;

/**
 * Decodes a line from UTF-8 only if it must: a line that is stored in the bytes that were sent needs no decoding, as
 * long as the names, times and ids that the server reads are ASCII.
 */
function judgeLine(line: SentLine, { names, keepEvents }: IntakeContext): Judged {
  if (!line.isDecoded && !keepEvents) {
    const event = exactEvent(line.chars);
    const isDeclared = event !== undefined && names.pages.has(event.page) && names.events.has(event.event);
    if (isDeclared && !beyondAscii.test(event.visitor_id) && !beyondAscii.test(event.stream_id)) {
      return { event, isExact: true };
    }
  }
  return judge(textOf(line));
}

/**
 * Checks one request's events one by one, stamps them, and writes them into chunks that are ready to be packed.
 * Rejected ones become quarantine rows, which travel like the others: one bad event never costs the good ones beside
 * it. An event that needs nothing but the stamp is stored in the bytes that were sent.
 */
export function takeIn(lines: readonly SentLine[], context: IntakeContext): Intake {
  const { names, receivedAt, site, isBot } = context;
  const receivedText = formatTime(receivedAt);
  const correctedTime = createTimeCorrection(receivedAt, context.sentAt);
  const tailOf = createTail(receivedText, context);
  const chunker = createChunker();
  const warnings = createWarnings();
  const rejected: RejectedLine[] = [];
  const events: StoredEvent[] = [];
  let duplicates = 0;
  let visitor = '';
  let hash = 0;

  function reject(
    index: number,
    text: string,
    { code, path, message, value }: Omit<Rejection, 'index'> & { value?: unknown },
  ) {
    const ownId = readableText(value, 'event_id');
    const eventId = ownId ?? context.newId(receivedAt);
    const rejection: Rejection = { index, ...(ownId === undefined ? {} : { event_id: ownId }), code, path, message };
    const visitorId = readableText(value, 'visitor_id');
    rejected.push({ rejection, eventId, visitorId, hash: hashOf(visitorId ?? eventId), raw: text });
  }

  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const judged = judgeLine(line, context);
    const { event } = judged;
    if (event === undefined) {
      reject(index, textOf(line), judged);
      continue;
    }
    if (context.isRepeat(event)) {
      duplicates += 1;
      continue;
    }
    if (event.visitor_id !== visitor) {
      visitor = event.visitor_id;
      hash = hashOf(visitor);
    }
    const occurred = correctedTime(event.event_time);
    const isPage = names.pages.has(event.page);
    const isEvent = names.events.has(event.event);
    const isSpliced = judged.isExact && isPage && isEvent && line.bytes !== undefined;
    if (!isSpliced || context.keepEvents) {
      event.received_at = receivedText;
      if (occurred.at !== undefined) event.occurred_at = occurred.at;
      if (occurred.isClockOff) event.clock_off = true;
      event.site = site;
      event.is_bot = isBot;
      if (!isPage) warnings.add('page', fileUnderOther(event, 'page'));
      if (!isEvent) warnings.add('event', fileUnderOther(event, 'event'));
    }
    if (isSpliced) {
      chunker.add(hash, { sent: line.bytes!, tail: tailOf(occurred) }, event);
    } else chunker.add(hash, serialise(event), event);
    if (context.keepEvents) events.push(event);
  }

  const maxBytes = context.sentBytes + quarantineSlack;
  const stamp = { received_at: receivedText, site, is_bot: isBot };
  const kept = rejected.length === 0 ? [] : quarantineLines(rejected, { stamp, maxBytes });
  for (const row of kept) chunker.add(row.hash, row.line);
  return {
    chunks: chunker.finish(),
    accepted: lines.length - rejected.length - duplicates,
    duplicates,
    rejected: rejected.map(({ rejection }) => rejection),
    unkept: rejected.length - kept.length,
    warnings: warnings.list(),
    events,
    rejectedEvents: context.keepEvents ? rejectedEvents(rejected, kept) : [],
  };
}

function rejectedEvents(rejected: readonly RejectedLine[], kept: readonly QuarantineLine[]): RejectedEvent[] {
  const rows = new Set(kept.map(({ index }) => index));
  return rejected.map(({ rejection, eventId, visitorId, raw }, index) => {
    const { code, path, message } = briefRejection(rejection);
    const visitor = visitorId === undefined ? {} : { visitor_id: visitorId };
    return { event_id: eventId, ...visitor, code, path, message, raw, isKept: rows.has(index) };
  });
}

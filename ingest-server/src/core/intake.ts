import {
  type Catalogue,
  checkEvent,
  type EventErrorCode,
  limits,
  otherName,
  type StoredEvent,
} from '@millrace/sdk/schema';
import { type Chunk, createChunker } from './chunk.js';
import { hashOf } from './hash.js';
import { quarantineLine, type Rejection } from './quarantine.js';
import { serialise } from './serialise.js';

/** A name that the catalogue lacks: its events are accepted and filed under `_other`. */
export interface Warning {
  code: 'undeclared_page' | 'undeclared_event';
  name: string;
  events: number;
  message: string;
}

export interface Intake {
  chunks: Chunk[];
  accepted: number;
  rejected: Rejection[];
  warnings: Warning[];
  /** The accepted events; empty unless `keepEvents`. */
  events: StoredEvent[];
}

export interface IntakeContext {
  names: DeclaredNames;
  /** When the server had the request, in milliseconds since 1970. */
  receivedAt: number;
  /** When the client sent it, by its own clock; undefined where that is unknown. */
  sentAt: number | undefined;
  keepEvents: boolean;
  newId(now: number): string;
}

export interface DeclaredNames {
  pages: ReadonlySet<string>;
  events: ReadonlySet<string>;
}

export function declaredNames(catalogue: Catalogue): DeclaredNames {
  return { pages: new Set(catalogue.pages), events: new Set(catalogue.events) };
}

/** Different names that one answer mentions; a client that makes names up must not make the answer grow. */
const maxWarnings = 20;
/** RFC 3339 has four digits for the year. */
const timeRange = {
  from: Date.UTC(0, 0, 1) - 1900 * 365.2425 * 86_400_000,
  to: Date.UTC(9999, 11, 31, 23, 59, 59, 999),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The event's own id, where it has one that can be read. */
function readableText(value: unknown, key: string): string | undefined {
  const text = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof text === 'string' && text !== '' && text.length <= 64 ? text : undefined;
}

type Judged =
  | { event: StoredEvent; value: unknown }
  | { code: EventErrorCode; path: string; message: string; value?: unknown };

/** What is wrong with one line, or its event. What is stored is what was sent, not a copy that a validator made. */
function judge(text: string): Judged {
  // A code unit has at most 3 bytes, so most lines need no counting.
  if (text.length * 3 > limits.eventBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > limits.eventBytes) {
      return {
        code: 'event_too_large',
        path: '',
        message: `has ${bytes} bytes; an event may have ${limits.eventBytes}`,
      };
    }
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { code: 'invalid_json', path: '', message: `is not JSON: ${(error as Error).message}` };
  }
  if (!isObject(value)) return { code: 'invalid_json', path: '', message: 'is not a JSON object', value };
  const { refusal } = checkEvent(value);
  if (refusal !== undefined) return { code: 'invalid_event', ...refusal, value };
  return { event: value as StoredEvent, value };
}

/** Counts the undeclared names of one batch. */
function createWarnings() {
  const found = new Map<string, Warning>();
  return {
    add(code: Warning['code'], name: string) {
      const known = found.get(`${code} ${name}`);
      if (known !== undefined) known.events += 1;
      else if (found.size < maxWarnings) {
        const kind = code === 'undeclared_page' ? 'page' : 'event';
        found.set(`${code} ${name}`, {
          code,
          name,
          events: 1,
          message: `the ${kind} "${name}" is not in the catalogue: filed under ${kind}=${otherName}, its name kept in ${kind}_as_sent; declare it to give it a partition`,
        });
      }
    },
    list: () => [...found.values()],
  };
}

/**
 * One request's events: checked one by one, stamped, and written once, as chunks that are ready to be packed; the rejected ones
 * as rows of the quarantine, which travel like the others. One bad event never costs the good ones beside it.
 */
export function takeIn(texts: readonly string[], context: IntakeContext): Intake {
  const { names, receivedAt, sentAt } = context;
  const receivedText = new Date(receivedAt).toISOString();
  const chunker = createChunker();
  const warnings = createWarnings();
  const rejected: Rejection[] = [];
  const events: StoredEvent[] = [];

  texts.forEach((text, index) => {
    const judged = judge(text);
    const { value } = judged;
    if (!('event' in judged)) {
      const ownId = readableText(value, 'event_id');
      const eventId = ownId ?? context.newId(receivedAt);
      const rejection: Rejection = {
        index,
        ...(ownId === undefined ? {} : { event_id: ownId }),
        code: judged.code,
        path: judged.path,
        message: judged.message,
      };
      rejected.push(rejection);
      const line = quarantineLine({ rejection, eventId, receivedAt: receivedText, raw: text });
      chunker.add(hashOf(readableText(value, 'visitor_id') ?? eventId), line);
      return;
    }
    const { event } = judged;
    event.received_at = receivedText;
    if (sentAt !== undefined) {
      const occurredAt = Date.parse(event.event_time) + receivedAt - sentAt;
      if (occurredAt >= timeRange.from && occurredAt <= timeRange.to) {
        event.occurred_at = new Date(occurredAt).toISOString();
      }
    }
    if (!names.pages.has(event.page)) {
      warnings.add('undeclared_page', event.page);
      event.page_as_sent = event.page;
      event.page = otherName;
    }
    if (!names.events.has(event.event)) {
      warnings.add('undeclared_event', event.event);
      event.event_as_sent = event.event;
      event.event = otherName;
    }
    chunker.add(hashOf(event.visitor_id), serialise(event));
    if (context.keepEvents) events.push(event);
  });

  return {
    chunks: chunker.finish(),
    accepted: texts.length - rejected.length,
    rejected,
    warnings: warnings.list(),
    events,
  };
}

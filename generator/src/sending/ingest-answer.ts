import type { Attempt } from './retrier.js';

/** One event's rejection in the ingest server's answer. */
export interface Rejection {
  index: number;
  code: string;
  path: string;
  message: string;
}

/** `split`: the batch is too large for this server. */
export type IngestAnswer = { rejected: Rejection[]; body: unknown } | { split: string };

/**
 * Reads Retry-After, seconds or an HTTP date (RFC 9110, section 10.2.3): milliseconds from now; undefined when it is
 * neither.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The server's own words about a failure: its code and message, else the start of its text. */
function explanation(body: string): string {
  const said = parse(body);
  const inner = typeof said?.error === 'object' && said.error !== null ? (said.error as Record<string, unknown>) : said;
  const parts = [inner?.code, inner?.message].filter((part) => typeof part === 'string');
  return parts.length > 0 ? parts.join(': ') : body.trim().slice(0, 200);
}

function rejections(value: unknown, events: number): Rejection[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map((entry: Partial<Rejection>) => ({
    index: Number(entry?.index),
    code: String(entry?.code ?? 'rejected'),
    path: String(entry?.path ?? ''),
    message: String(entry?.message ?? ''),
  }));
  const indices = new Set(found.map(({ index }) => index));
  const sound = found.every(({ index }) => Number.isInteger(index) && index >= 0 && index < events);
  return sound && indices.size === found.length ? found : undefined;
}

/**
 * Decides what an answer to `POST /v1/events` means for a batch of `events` events. Only an answer that accounts for
 * every event acknowledges: a 200 from another server loses nothing.
 */
export function readAnswer(
  response: { status: number; retryAfter: string | undefined; body: string },
  events: number,
  nowMs: number,
): Attempt<IngestAnswer> {
  const { status, body } = response;
  const words = explanation(body);
  const said = `it answered ${status}${words === '' ? '' : ` (${words})`}`;
  if (status === 200) {
    const answer = parse(body);
    const rejected = rejections(answer?.rejected ?? [], events);
    // A server of 0.1.0 counted the duplicates among the accepted.
    const stored = Number(answer?.accepted) + Number(answer?.duplicates ?? 0);
    if (rejected === undefined || stored !== events - rejected.length) {
      return { fatal: `${said}, which is not an ingest server's answer for ${events} events` };
    }
    return { done: { rejected, body: answer } };
  }
  if (status === 413) return { done: { split: said } };
  if (status === 408 || status === 429 || status >= 500) {
    return { retry: said, retryAfterMs: retryAfterMs(response.retryAfter, nowMs) };
  }
  if (status === 401) return { fatal: `${said}. Pass the site's write key with --key` };
  if (status === 404 || status === 405) return { fatal: `${said}. Is this the address of an ingest server?` };
  return { fatal: said };
}

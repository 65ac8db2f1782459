import type { LiveStep } from '@millrace/demo-store/live-feed';
import { identityText, ledgerPage, quarantinePage } from '@millrace/sdk/schema';

/** The kinds of rows, by the letter with which their identities begin. */
const kinds = { s: 'stored', r: 'refused', d: 'direct' } as const;

/**
 * What the live view needs of every row: what all steps of its event have in common, after its kind's letter; the
 * letter alone where the row can only be counted.
 */
export type Identity = `${keyof typeof kinds}${string}`;

/** The kind of an identity's row. */
export const kindOf = (identity: Identity) => kinds[identity[0] as keyof typeof kinds];

/** A refused event and its row in quarantine have the row's id in common; an accepted event may have the same. */
export const refusedIdentity = (id: string): Identity => `r${id}`;

/** The beginning of what was sent of a refused event. */
export const beginning = (raw: string) => raw.slice(0, 200);

/** What a person reads of a text: a refused one may be a megabyte. */
const mostCharacters = 15_000;
/** A text, cut to what a person reads of it. */
export const readable = (raw: string) =>
  raw.length <= mostCharacters ? raw : `${raw.slice(0, mostCharacters)}… (${raw.length} characters)`;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * The identity of a row; nothing for the ledger, which is the server's bookkeeping, and for what is no event. Called
 * for every row, so it is quick.
 */
export function identityOf(row: Readonly<Record<string, unknown>>): Identity | undefined {
  const { page, event_id: id } = row;
  if (typeof page !== 'string' || typeof row.event !== 'string' || page === ledgerPage) return undefined;
  // Only the ingest server says when it received a row.
  const isStamped = typeof row.received_at === 'string';
  if (page === quarantinePage && isStamped) return refusedIdentity(typeof id === 'string' ? id : '');
  const text = typeof id === 'string' ? identityText({ event_id: id, stream_id: row.stream_id, seq: row.seq }) : '';
  return isStamped ? `s${text}` : `d${text}`;
}

/** What the live view shows of a row, beside a step's place and time. */
export type Details = Omit<LiveStep, 'step' | 'at' | 'line'>;

/** The details of a row. */
export function detailsOf(row: Readonly<Record<string, unknown>>, identity: Identity): Details {
  const kind = kindOf(identity);
  const details: Details = {
    kind,
    identity: shownIdentity(identity),
    page: row.page as string,
    event: row.event as string,
  };
  for (const name of ['event_id', 'visitor_id', 'item_name', 'site'] as const) {
    const value = row[name];
    if (typeof value === 'string') details[name] = value;
  }
  if (typeof row.is_bot === 'boolean') details.is_bot = row.is_bot;
  if (kind === 'refused') addRefusal(details, row);
  return details;
}

/** An event without an id cannot be followed: it is counted. */
export const shownIdentity = (identity: Identity): string => (identity.length === 1 ? '' : identity);

function addRefusal(details: Details, row: Readonly<Record<string, unknown>>): void {
  const why = text(row.reason);
  const [, path, reason = why] = /^(\/.*?|the event): (.*)$/s.exec(why ?? '') ?? [];
  details.code = details.event.slice(1);
  details.path = path === undefined || path === 'the event' ? '' : path;
  if (reason !== undefined) details.reason = reason;
  details.raw = beginning(text(row.raw) ?? '');
}

/** The text that a click on a row shows. */
export const lineOf = (row: Readonly<Record<string, unknown>>, identity: Identity): string =>
  kindOf(identity) === 'refused' ? readable(text(row.raw) ?? '') : JSON.stringify(row);

import { z } from 'zod';
import { limits } from './limits.js';
import { maxNameLength } from './name.js';
import { propertiesSchema } from './properties.js';
import { slugSchema } from './slug-schema.js';

const id = (what: string) => z.string().min(1).max(64).describe(what);
const time = (what: string) =>
  z.iso
    .datetime({ precision: 3, error: 'must be a UTC time with milliseconds, as 2026-11-23T08:00:00.000Z' })
    .describe(what);
// Any text: no event is lost for its name. The server files what is no slug, like what is not declared, under `_other`.
const name = (what: string) => z.string().min(1).describe(what);
const lastSeq = limits.streamEvents - 1;
const seqError = `must be at most ${lastSeq}: then begin another stream`;
const seq = (what: string) =>
  z
    .int({ error: ({ code }) => (code === 'too_big' ? seqError : undefined) })
    .nonnegative()
    .max(lastSeq, { error: seqError })
    .describe(what);

/**
 * The fields that a client may send: those of the page and the tracker. The one definition; everything else is made
 * from it.
 */
const clientFields = {
  event_id: z
    .uuidv7({ error: 'must be a UUIDv7 in lower-case or upper-case hex' })
    .describe('With stream_id and seq the identity: a copy has the same three.'),
  event: name('What happened. A slug that is declared is a partition key; other names are filed under _other.'),
  page: name('The product area it happened in; a name like that of the event.'),
  event_time: time("When it happened, by the device's clock."),
  visitor_id: id('The first-party anonymous visitor.'),
  session_id: id('The visit: ends after 30 minutes without an event.'),
  stream_id: id("One page's life; numbers its events."),
  seq: seq('Position in the stream: gap-free from 0.'),
  after_stream_id: id("The visitor's stream before this one; on a stream's first events.").optional(),
  after_seq: seq('How far that stream got: makes a lost tail visible.').optional(),
  user_id: id("The site's own name for the person, after identify.").optional(),
  os: slugSchema.describe('ios, android, windows, macos, linux, web …'),
  device: slugSchema.describe('mobile, tablet, desktop …'),
  url: z.string().max(2048).describe('Address of the page.').optional(),
  referrer: z.string().max(2048).describe('Address the visitor came from.').optional(),
  title: z.string().max(256).describe("The document's title.").optional(),
  item_id: id('The product.').optional(),
  item_name: z.string().max(256).describe("The product's name.").optional(),
  item_quantity: z.int().nonnegative().max(1_000_000).describe('How many.').optional(),
  item_price: z.number().nonnegative().max(1_000_000_000).describe('Price of one, in major units.').optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code, as EUR' })
    .describe('ISO 4217.')
    .optional(),
  order_id: id('The order.').optional(),
  properties: propertiesSchema.describe("The site's own fields, as JSON.").optional(),
  sdk: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,31}\/[0-9A-Za-z.+-]{1,31}$/, { error: 'must be name/version, as millrace-js/1.0.0' })
    .describe('What made the event: name/version.'),
};

/** Whether an event has both `after_stream_id` and `after_seq`, or neither. */
export function areTogether(event: { after_stream_id?: unknown; after_seq?: unknown }): boolean {
  return (event.after_stream_id === undefined) === (event.after_seq === undefined);
}

/** An event as a client sends it: one JSON line, without unknown fields. A site's own go into `properties`. */
export const eventSchema = z.strictObject(clientFields).superRefine((event, context) => {
  if (!areTogether(event)) {
    context.addIssue({ code: 'custom', path: ['after_seq'], message: 'after_stream_id and after_seq come together' });
  }
});

const storedName = z.string().regex(/^[a-z_][a-z0-9_]{0,47}$/);

const siteName = slugSchema.describe('Whose event: the name of the write key.');
const isBot = z.boolean().describe('Whether the user agent, which is not stored, is that of a bot.');

/** The fields that the ingest server adds. */
const serverFields = {
  received_at: time('When the ingest server had it.').optional(),
  occurred_at: time(
    "event_time, corrected by the clock difference seen in the event's batch, within bounds.",
  ).optional(),
  clock_off: z
    .boolean()
    .describe('true where the time that the device told cannot be: occurred_at is then received_at.')
    .optional(),
  site: siteName.optional(),
  is_bot: isBot.optional(),
  page_as_sent: z
    .string()
    .max(maxNameLength)
    .describe('The name of an undeclared page, filed under _other.')
    .optional(),
  event_as_sent: z
    .string()
    .max(maxNameLength)
    .describe('The name of an undeclared event, filed under _other.')
    .optional(),
};

/** The names of the fields that only the server sets. */
export const serverFieldNames: readonly string[] = Object.keys(serverFields);

/** An event in the lake. Events put straight into the stream lack the server's fields. */
export const storedEventSchema = z.strictObject({
  ...clientFields,
  event: storedName.describe('What happened; a partition key. _other when undeclared.'),
  page: storedName.describe('The product area it happened in; a partition key. _other when undeclared.'),
  ...serverFields,
});

/** A rejected event in the lake, under `page=_quarantine/event=_<code>/`. */
export const quarantinedEventSchema = z.strictObject({
  event_id: z.string().describe("The event's own id where it had one, else one the server made."),
  page: z.literal('_quarantine'),
  event: z.string().regex(/^_[a-z][a-z0-9_]*$/),
  received_at: time('When the ingest server had it.'),
  site: siteName.optional(),
  is_bot: isBot.optional(),
  reason: z.string().describe('Why it was rejected, in words, with the place.'),
  raw: z.string().describe('The text as it was sent.'),
});

/** An event as a client sends it. */
export type MillraceEvent = z.output<typeof eventSchema>;
/** An event in the lake. */
export type StoredEvent = z.output<typeof storedEventSchema>;
/** A rejected event in the lake. */
export type QuarantinedEvent = z.output<typeof quarantinedEventSchema>;

/** Why an event is rejected. `path` is a JSON pointer into the event; empty for the event as a whole. */
export interface Refusal {
  path: string;
  message: string;
}

/** An event, or why it is rejected. */
export type Checked = { event: MillraceEvent; refusal?: never } | { event?: never; refusal: Refusal };

/** Checks a parsed value against the schema. When it does not fit, the refusal has the first place and the reason. */
export function checkEvent(value: unknown): Checked {
  const result = eventSchema.safeParse(value);
  if (result.success) return { event: result.data };
  const issue = result.error.issues[0]!;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...issue.path, ...(unknown === undefined ? [] : [unknown])];
  return {
    refusal: {
      path: path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
      message: unknown === undefined ? issue.message : 'is not a field of an event; put it into properties',
    },
  };
}

import type { LiveStep, PublishedFeed } from '@millrace/demo-store/live-feed';
import type { DeliveryObserver } from '@millrace/embedded-aws';
import type { IngestObserver } from '@millrace/ingest-server';
import { identityText, ledgerPage, quarantinePage } from '@millrace/sdk/schema';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

type Note = Omit<LiveStep, 'step' | 'at'>;

/** The fields that have a value. */
const known = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };

/** A refused event and its row in quarantine have the row's id in common; an accepted event may have the same. */
const refusedIdentity = (id: string) => `${quarantinePage}/${id}`;

const beginning = (raw: string) => raw.slice(0, 200);
/** What a person reads of a text: a refused one may be a megabyte. */
const mostCharacters = 15_000;
const readable = (raw: string) =>
  raw.length <= mostCharacters ? raw : `${raw.slice(0, mostCharacters)}… (${raw.length} characters)`;

/** What the live view shows of a row; nothing of the ledger, which is the server's bookkeeping. */
function noteOf(row: Record<string, unknown>): Note | undefined {
  const { page, event } = row;
  if (typeof page !== 'string' || typeof event !== 'string' || page === ledgerPage) return undefined;
  const id = text(row.event_id);
  const common = {
    page,
    event,
    ...known({
      event_id: id,
      visitor_id: text(row.visitor_id),
      item_name: text(row.item_name),
      site: text(row.site),
      is_bot: typeof row.is_bot === 'boolean' ? row.is_bot : undefined,
    }),
  };
  // Only the ingest server says when it received a row.
  const isStamped = typeof row.received_at === 'string';
  if (page === quarantinePage && isStamped) {
    const [, path, reason] = /^(\/.*?|the event): (.*)$/s.exec(text(row.reason) ?? '') ?? [];
    return {
      ...common,
      kind: 'refused',
      ...known({ identity: id === undefined ? undefined : refusedIdentity(id), reason: reason ?? text(row.reason) }),
      code: event.slice(1),
      path: path === undefined || path === 'the event' ? '' : path,
      raw: beginning(text(row.raw) ?? ''),
      line: () => readable(text(row.raw) ?? ''),
    };
  }
  return {
    ...common,
    kind: isStamped ? 'stored' : 'direct',
    ...(id === undefined ? {} : { identity: identityText({ event_id: id, stream_id: row.stream_id, seq: row.seq }) }),
    line: () => JSON.stringify(row),
  };
}

/** Reports what the ingest server has taken: every event, also one that it refused or had before. */
export function liveIngest(feed: PublishedFeed): IngestObserver {
  const publish = (note: Note) => feed.publish({ ...note, step: 'received', at: Date.now() });
  return {
    accepted(events) {
      if (!feed.hasListeners()) return;
      for (const event of events) {
        const note = noteOf(event);
        if (note) publish(note);
      }
    },
    rejected(events) {
      if (!feed.hasListeners()) return;
      for (const { event_id, visitor_id, code, path, message, raw, isKept } of events) {
        publish({
          kind: isKept ? 'refused' : 'unkept',
          identity: refusedIdentity(event_id),
          event_id,
          page: quarantinePage,
          event: `_${code}`,
          ...known({ visitor_id }),
          code,
          path,
          reason: message,
          raw: beginning(raw),
          line: () => readable(raw),
        });
      }
    },
    repeated: (events) => publish({ kind: 'repeated', events, page: '', event: '' }),
  };
}

/** Reports what delivery has read from the stream, and what of it lies in an object. */
export function liveDelivery(feed: PublishedFeed): DeliveryObserver<Note> {
  return {
    wanted: feed.hasListeners,
    read(record, from) {
      const note = noteOf(record);
      if (note) feed.publish({ ...note, step: 'in_stream', at: from.at, shard_id: from.shardId });
      return note;
    },
    delivered(object, notes) {
      for (const note of notes) feed.publish({ ...note, step: 'in_object', at: object.at, key: object.key });
    },
  };
}

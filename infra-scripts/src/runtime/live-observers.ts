import type { LiveStep, PublishedFeed } from '@millrace/demo-store/live-feed';
import type { DeliveryObserver } from '@millrace/embedded-aws';
import type { IngestObserver } from '@millrace/ingest-server';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What the live view shows of an event; nothing when it has no id to follow it by. */
function stepOf(event: Record<string, unknown>): Omit<LiveStep, 'step' | 'at'> | undefined {
  const { event_id: id, page, event: name } = event;
  if (typeof id !== 'string' || typeof page !== 'string' || typeof name !== 'string') return undefined;
  const visitor = text(event.visitor_id);
  const item = text(event.item_name);
  return {
    event_id: id,
    page,
    event: name,
    line: () => JSON.stringify(event),
    ...(visitor === undefined ? {} : { visitor_id: visitor }),
    ...(item === undefined ? {} : { item_name: item }),
  };
}

/** Reports what the ingest server has accepted. */
export function liveIngest(feed: PublishedFeed): IngestObserver {
  return {
    accepted(events) {
      if (!feed.hasListeners()) return;
      const at = Date.now();
      for (const event of events) {
        const step = stepOf(event);
        if (step) feed.publish({ ...step, step: 'received', at });
      }
    },
  };
}

type Note = Omit<LiveStep, 'step' | 'at'>;

/** Reports what delivery has read from the stream, and what of it lies in an object. */
export function liveDelivery(feed: PublishedFeed): DeliveryObserver<Note> {
  return {
    wanted: feed.hasListeners,
    read(record, from) {
      const step = stepOf(record);
      if (step) feed.publish({ ...step, step: 'in_stream', at: from.at, shard_id: from.shardId });
      return step;
    },
    delivered(object, notes) {
      for (const note of notes) feed.publish({ ...note, step: 'in_object', at: object.at, key: object.key });
    },
  };
}

import { createLiveFeed, type LiveStep } from '../../src/live-feed.js';

/** A feed that a test drives by hand. */
export function createTestFeed() {
  const feed = createLiveFeed();
  return { feed, emit: feed.publish };
}

let count = 0;

/** A UUIDv7-shaped id, another one each time. */
export function newEventId(): string {
  count += 1;
  return `019ab1f2-0000-7000-8000-${count.toString(16).padStart(12, '0')}`;
}

export function stepOf(fields: Partial<LiveStep> = {}): LiveStep {
  return {
    step: 'received',
    event_id: newEventId(),
    page: 'books',
    event: 'liked_item',
    at: 1_795_406_270_273,
    ...fields,
  };
}

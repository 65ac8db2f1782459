import { describe, expect, test } from '@jest/globals';
import type { defaultCatalogue } from '../src/schema/index.js';
import {
  type Calls,
  type Core,
  createTracker,
  everything,
  type Plugin,
  people,
  type Tracker,
  version,
} from '../src/tracker/index.js';

const catalogue = { pages: ['books', 'food'], events: ['clicked_review', 'liked_item'] } as const;
const where = { key: 'demo', endpoint: '/v1/events' };

// The compiler is the test: an unused @ts-expect-error does not compile.
describe('types', () => {
  test('a name that the catalogue does not have does not compile, given as a type or as an object', () => {
    const byType: Tracker<typeof catalogue> = createTracker<typeof catalogue>(where, everything());
    const byObject = createTracker({ ...where, catalogue }, everything());
    for (const tracker of [byType, byObject]) {
      tracker.track('clicked_review', { page: 'books', item_id: 42 });
      tracker.track('page_view', { page: 'cart' });
      tracker.page({ page: 'food' });
      // @ts-expect-error no such event
      tracker.track('clicked_reviews');
      // @ts-expect-error no such page
      tracker.track('liked_item', { page: 'book' });
      // @ts-expect-error no such page
      tracker.page({ page: 'garden' });
    }
  });

  test('with everything all calls are there', () => {
    const tracker = createTracker(where, everything({ consent: 'pending', sample: 0.5, mask: ['email'] }));
    tracker.identify('u1');
    tracker.identify(17);
    tracker.identify(null);
    tracker.reset();
    tracker.page();
    tracker.consent('granted');
    // @ts-expect-error no such state
    tracker.consent('yes');
    // @ts-expect-error a name of the person is text or a number
    tracker.identify({});
    // @ts-expect-error no such setting
    everything({ consents: 'pending' });
  });

  test('without parts there is what the core has, and the other calls may be missing', () => {
    const tracker = createTracker<typeof catalogue>(where);
    const core: Core<typeof catalogue> & Partial<Calls<typeof catalogue>> = tracker;
    core.track('liked_item', { page: 'books' });
    core.use(() => ({}));
    core.identify?.('u1');
    // @ts-expect-error may be missing
    tracker.identify('u1');
    // @ts-expect-error may be missing
    tracker.page();
    // @ts-expect-error may be missing
    tracker.consent('granted');
    // @ts-expect-error no such event
    tracker.track('clicked_reviews');
  });

  test('with some parts the compiler does not know which calls they bring', () => {
    const tracker = createTracker(where, [people]);
    tracker.identify?.('u1');
    // @ts-expect-error may be missing
    tracker.identify('u1');
  });

  test("the schema's catalogue is one, by its type alone", () => {
    const tracker = createTracker<typeof defaultCatalogue>({ ...where, page: 'electronics' });
    tracker.track('purchased_item', { order_id: 'o1', item_price: 9.9, currency: 'EUR' });
    // @ts-expect-error no such event
    tracker.track('bought_item');
    // @ts-expect-error no such page
    createTracker<typeof defaultCatalogue>({ ...where, page: 'garden' });
  });

  test('a wrong field does not compile; without a catalogue any name does', () => {
    const tracker = createTracker(where);
    tracker.track('anything', { page: 'anywhere', properties: { list: [1, 'a', null], none: undefined } });
    // @ts-expect-error a price is a number
    tracker.track('anything', { item_price: '9.90' });
    // @ts-expect-error the site's own fields go into properties
    tracker.track('anything', { colour: 'red' });
    // @ts-expect-error JSON has no functions
    tracker.track('anything', { properties: { f: () => 1 } });
    // @ts-expect-error the key is needed
    createTracker({ endpoint: '/v1/events' });
  });

  test('a plugin knows what it hears of', () => {
    const plugin: Plugin<{ hello(): string }> = ({ on, track }) => {
      on('event', (event) => {
        event.properties = { ...event.properties, length: event.event.length };
      });
      on('answered', ({ status, batch }) => track('answered', { item_quantity: batch.lines.length + status }));
      // @ts-expect-error no such moment
      on('sent', () => {});
      // @ts-expect-error an event has no such field
      on('event', (event) => event.visitor_id);
      return { hello: () => 'hi' };
    };
    createTracker(where).use(plugin);
    // @ts-expect-error no plugin
    createTracker(where).use('plugin');
  });

  test('where there is no page (a server that renders it) the calls do nothing and do not throw', async () => {
    const tracker = createTracker(where, everything());
    tracker.track('liked_item');
    tracker.page();
    tracker.identify('u1');
    tracker.reset();
    tracker.consent('granted');
    tracker.use(() => ({}));
    await expect(tracker.flush()).resolves.toBeUndefined();
    expect(tracker.version).toBe(version);
  });
});

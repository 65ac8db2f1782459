import { describe, expect, test } from '@jest/globals';
import type { defaultCatalogue, MillraceEvent } from '../src/schema/index.js';
import {
  allModules,
  type Calls,
  type Core,
  createTracker,
  type Draft,
  identify,
  type Plugin,
  type Tracker,
  version,
} from '../src/tracker/index.js';

const catalogue = { pages: ['books', 'food'], events: ['clicked_review', 'liked_item'] } as const;
const where = { key: 'demo', endpoint: '/v1/events' };

/** Whether two types are the same, to the last optional field. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends { [K in keyof B]: B[K] } ? 1 : 2 ? true : false;

// The compiler is the test: an unused @ts-expect-error does not compile.
describe('types', () => {
  test('a name that the catalogue does not have does not compile, given as a type or as an object', () => {
    const byType: Tracker<typeof catalogue> = createTracker<typeof catalogue>(where, allModules());
    const byObject = createTracker({ ...where, catalogue }, allModules());
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

  test('a catalogue may have names in any letters', () => {
    const names = { pages: ['書籍'], events: ['購入', 'Købt nu'] } as const;
    const tracker = createTracker<typeof names>(where, allModules());
    tracker.track('購入', { page: '書籍' });
    tracker.track('Købt nu');
    // @ts-expect-error no such event
    tracker.track('購人');
  });

  test('with all modules all calls are there', () => {
    const tracker = createTracker(where, allModules({ consent: 'pending', sample: 0.5, mask: ['email'] }));
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
    allModules({ consents: 'pending' });
  });

  test('without modules there is what the core has, and the other calls may be missing', () => {
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

  test('with some modules the compiler does not know which calls they bring', () => {
    const tracker = createTracker(where, [identify]);
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

  test("a draft has the fields of the schema's event that are not set when it is stored", () => {
    type SetLater = 'visitor_id' | 'session_id' | 'user_id' | 'event_id' | 'event_time' | 'stream_id' | 'seq';
    type Facts = Omit<MillraceEvent, SetLater | 'after_stream_id' | 'after_seq'>;
    const same: Same<Draft, Facts> = true;
    expect(same).toBe(true);
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
    const tracker = createTracker(where, allModules());
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

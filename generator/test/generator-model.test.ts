import { describe, expect, test } from '@jest/globals';
import { itemById, items } from '@millrace/demo-store/items';
import { checkEvent, defaultCatalogue, type MillraceEvent } from '@millrace/sdk/schema';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { take } from '../src/shoppers/live-shoppers.js';
import { type ShopperOptions, shoppers } from '../src/shoppers/shoppers.js';

const startMs = Date.UTC(2026, 10, 23, 8);
const some = (options: ShopperOptions, count = 400) => [...take(shoppers({ startMs, ...options }), count)];

const anyOptions = fc.record({ seed: fc.string(), sessions: fc.integer({ min: 1, max: 40 }) });
const property = (check: (events: MillraceEvent[]) => void) =>
  fc.assert(
    fc.property(anyOptions, (options) => check(some(options))),
    { numRuns: 10 },
  );

function byStream(events: readonly MillraceEvent[]): Map<string, MillraceEvent[]> {
  const streams = new Map<string, MillraceEvent[]>();
  for (const event of events) {
    const stream = streams.get(event.stream_id);
    if (stream) stream.push(event);
    else streams.set(event.stream_id, [event]);
  }
  return streams;
}

describe('synthetic shoppers', () => {
  test('every event fits the schema', () => {
    property((events) => {
      expect(events.map((event) => checkEvent(event).refusal).filter((refusal) => refusal)).toEqual([]);
    });
  });

  test('every stream belongs to one visitor, is numbered without gaps from 0, and its times do not go back', () => {
    property((events) => {
      for (const stream of byStream(events).values()) {
        expect(stream.map(({ seq }) => seq)).toEqual(stream.map((_, index) => index));
        expect(new Set(stream.map(({ visitor_id }) => visitor_id)).size).toBe(1);
        const times = stream.map(({ event_time }) => event_time);
        expect(times).toEqual([...times].sort());
      }
    });
  });

  test("a visitor's new stream names the one before it and how far that got, on its first event alone", () => {
    property((events) => {
      const last = new Map<string, { streamId: string; seq: number }>();
      for (const event of events) {
        const before = last.get(event.visitor_id);
        if (before !== undefined && before.streamId !== event.stream_id) {
          expect([event.after_stream_id, event.after_seq]).toEqual([before.streamId, before.seq]);
        } else if ('after_stream_id' in event) expect(event).not.toHaveProperty('after_stream_id');
        last.set(event.visitor_id, { streamId: event.stream_id, seq: event.seq });
      }
    });
  });

  test('a session ends after 30 minutes without an event, and not before', () => {
    property((events) => {
      const last = new Map<string, MillraceEvent>();
      for (const event of events) {
        const before = last.get(event.visitor_id);
        if (before) {
          const idleMs = Date.parse(event.event_time) - Date.parse(before.event_time);
          expect(event.session_id === before.session_id).toBe(idleMs <= 30 * 60_000);
        }
        last.set(event.visitor_id, event);
      }
    });
  });

  test('an item has the name, price and page of the catalogue, and only a purchase a quantity, which is above 0', () => {
    property((events) => {
      const isRight = (event: MillraceEvent) => {
        const item = event.item_id === undefined ? undefined : itemById(event.item_id)!;
        const isOfItem = item
          ? event.item_name === item.name &&
            event.page === item.page &&
            event.item_price === item.price &&
            event.currency === item.currency
          : ['page_view', 'entered_payment_method'].includes(event.event);
        return (
          isOfItem &&
          (event.event === 'purchased_item'
            ? event.item_quantity! > 0 && event.order_id !== undefined
            : !('item_quantity' in event))
        );
      };
      expect(events.filter((event) => !isRight(event))).toEqual([]);
    });
  });

  test('nobody buys before paying, and nobody reviews what they did not buy in that visit', () => {
    property((events) => {
      const paid = new Set<string>();
      const bought = new Set<string>();
      for (const { event, visitor_id, item_id } of events) {
        if (event === 'entered_payment_method') paid.add(visitor_id);
        if (event === 'purchased_item') {
          expect(paid.has(visitor_id)).toBe(true);
          bought.add(`${visitor_id} ${item_id}`);
        }
        if (event === 'reviewed_item') expect(bought.has(`${visitor_id} ${item_id}`)).toBe(true);
      }
    });
  });

  test(`the same seed and the same clock give the same events, another seed gives others${leavesOut('6 of 20 runs')}`, () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const clock = () => {
          let ms = startMs;
          return () => {
            ms += 7;
            return ms;
          };
        };
        expect(some({ seed, now: clock() }, 100)).toEqual(some({ seed, now: clock() }, 100));
        expect(some({ seed: `${seed}x` }, 20)).not.toEqual(some({ seed }, 20));
      }),
      { numRuns: inForm(6, 20) },
    );
  });

  test('a clock that is set back does not set back a stream', () => {
    let calls = 0;
    const events = some({ seed: 'back', sessions: 3, now: () => startMs - 1000 * calls++ });
    for (const stream of byStream(events).values()) {
      const times = stream.map(({ event_time }) => event_time);
      expect(times).toEqual([...times].sort());
    }
  });

  test('every page, event and item of the default catalogue occurs, nothing else does, and ids are never used twice', () => {
    const events = some({ seed: 'all', sessions: 100 }, 30_000);
    const all = (pick: (event: MillraceEvent) => string | undefined) => [
      ...new Set(events.map(pick).filter((name) => name !== undefined)),
    ];
    expect(all(({ page }) => page).sort()).toEqual([...defaultCatalogue.pages].sort());
    expect(all(({ event }) => event).sort()).toEqual([...defaultCatalogue.events].sort());
    expect(all(({ item_id }) => item_id).sort()).toEqual(items.map(({ id }) => id).sort());
    expect(all(({ device }) => device).sort()).toEqual(['desktop', 'mobile', 'tablet']);
    expect(all(({ os }) => os).length).toBeGreaterThanOrEqual(5);
    expect(all(({ event_id }) => event_id).length).toBe(events.length);
  });

  test('people look more than they like, like more than they buy, and some come back', () => {
    const events = some({ seed: 'plausible', sessions: 100 }, 30_000);
    const count = (name: string) => events.filter(({ event }) => event === name).length;
    expect(count('page_view')).toBeGreaterThan(count('clicked_review'));
    expect(count('clicked_review')).toBeGreaterThan(count('liked_item'));
    expect(count('liked_item')).toBeGreaterThan(count('purchased_item'));
    expect(count('purchased_item')).toBeGreaterThan(count('reviewed_item'));
    const visitors = new Set(events.map(({ visitor_id }) => visitor_id)).size;
    const sessions = new Set(events.map(({ session_id }) => session_id)).size;
    const streams = byStream(events).size;
    expect(sessions).toBeGreaterThan(visitors);
    expect(streams).toBeGreaterThan(sessions);
  });
});

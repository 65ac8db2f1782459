import { describe, expect, test } from '@jest/globals';
import { checkEvent, defaultCatalogue, isSlug, partitionCount } from '@millrace/sdk/schema';
import { departments, itemById, items, itemsOf, storeCatalogue } from '../src/index.js';

describe('the items', () => {
  test('every department has at least three items, with the ids of the walkthrough', () => {
    const first = { apparel: 11, food: 21, electronics: 31, home: 41, books: 51 };
    expect(departments.map(({ page }) => page).sort()).toEqual(Object.keys(first).sort());
    for (const { page } of departments) {
      expect(
        itemsOf(page)
          .slice(0, 3)
          .map(({ id }) => id),
      ).toEqual([0, 1, 2].map((offset) => String(first[page] + offset)));
    }
  });

  test('an id names one item', () => {
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const item of items) expect(itemById(item.id)).toBe(item);
    expect(itemById('99')).toBeUndefined();
    expect(itemById('constructor')).toBeUndefined();
  });

  test('all prices are in one currency, because the cart adds them up', () => {
    expect(new Set(items.map(({ currency }) => currency)).size).toBe(1);
  });

  test("an item's fields fit the event schema", () => {
    for (const item of items) {
      const { refusal } = checkEvent({
        event_id: '019ab1f2-0000-7000-8000-000000000000',
        event: 'purchased_item',
        page: item.page,
        event_time: '2026-11-23T08:00:00.000Z',
        visitor_id: 'v',
        session_id: 's',
        stream_id: 't',
        seq: 0,
        os: 'web',
        device: 'desktop',
        item_id: item.id,
        item_name: item.name,
        item_price: item.price,
        currency: item.currency,
        sdk: 'test/1',
      });
      expect(refusal).toBeUndefined();
      expect(item.reviews.length).toBeGreaterThan(0);
    }
  });
});

describe('the store catalogue', () => {
  test('is the default catalogue and one page for the front door', () => {
    expect([...storeCatalogue.pages].sort()).toEqual([...defaultCatalogue.pages, 'storefront'].sort());
    expect(storeCatalogue.events).toEqual(defaultCatalogue.events);
    expect(storeCatalogue.pages.every(isSlug)).toBe(true);
    expect(partitionCount(storeCatalogue)).toBeLessThan(100);
  });
});

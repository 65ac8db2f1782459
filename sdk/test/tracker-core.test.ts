import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkEvent, isSlug } from '../src/schema/index.js';
import { type Attributed, eventOfPath } from '../src/tracker/clicks.js';
import { cleanFields } from '../src/tracker/fields.js';
import { browserRandom, createShortId, createUuid7 } from '../src/tracker/id.js';
import { platformOf } from '../src/tracker/platform.js';
import { pageFromPath, toSlug } from '../src/tracker/slug.js';

const sample = {
  event_id: '01938d2e-7c1a-7000-8000-0123456789ab',
  event: 'clicked_review',
  page: 'books',
  event_time: '2026-11-23T08:00:00.000Z',
  visitor_id: 'v1',
  session_id: 's1',
  stream_id: 't1',
  seq: 0,
  os: 'linux',
  device: 'desktop',
  sdk: 'millrace-js/0.1.0',
};

describe('ids', () => {
  test('event ids pass the schema and only ever rise, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 2, maxLength: 50 }), (times) => {
        const next = createUuid7(browserRandom);
        const ids = times.map(next);
        for (const event_id of ids) expect(checkEvent({ ...sample, event_id }).refusal).toBeUndefined();
        expect([...ids].sort()).toEqual(ids);
      }),
    );
  });

  test('10,000 event ids in one millisecond are different and in order', () => {
    const next = createUuid7(browserRandom);
    const ids = Array.from({ length: 10_000 }, () => next(1_795_406_270_273));
    expect(new Set(ids).size).toBe(10_000);
    expect([...ids].sort()).toEqual(ids);
  });

  test('short ids have 20 characters, sort by age and differ', () => {
    const next = createShortId(browserRandom);
    const ids = Array.from({ length: 1000 }, () => next(1_795_406_270_273));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{20}$/);
    expect(next(1_795_406_270_274) > ids[0]!.slice(0, 8)).toBe(true);
  });
});

describe('slugs', () => {
  test("the tracker's slugs are the schema's: a slug stays, anything else becomes one or nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z][a-z0-9_]{0,50}$/)), (text) => {
        const slug = toSlug(text);
        if (isSlug(text)) expect(slug).toBe(text);
        else if (slug !== '') expect(isSlug(slug)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['Clicked Review!', 'clicked_review'],
    ['Électronique', 'electronique'],
    ['2024-sale', 'sale'],
    ['日本', ''],
  ])('%s becomes %s', (text, slug) => {
    expect(toSlug(text)).toBe(slug);
  });

  test.each([
    ['/', 'home_page'],
    ['', 'home_page'],
    ['/index.html', 'home_page'],
    ['/books', 'books'],
    ['/Books/the-trial?x=1', 'books'],
    ['/home%20%26%20garden/x', 'home_garden'],
    ['/%E0%A4%A/x', 'e0_a4_a'],
    ['/cart.php', 'cart'],
    ['/42', 'home_page'],
  ])('the path %s is the page %s', (path, page) => {
    expect(pageFromPath(path)).toBe(page);
  });
});

describe('fields', () => {
  const left: string[] = [];
  const clean = (given: unknown) => {
    left.length = 0;
    return cleanFields(given, (field) => left.push(field));
  };

  test('an event with whatever fields a page gives passes the schema', () => {
    const names = [
      'item_id',
      'item_name',
      'item_quantity',
      'item_price',
      'currency',
      'order_id',
      'properties',
      'other',
    ];
    const junk = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
      fc.string({ maxLength: 400 }),
      fc.double(),
      fc.constantFrom('EUR', 'eur', '12', ' ', '1e3', Symbol('s'), () => 1),
    );
    const given = fc.oneof(
      fc.anything(),
      fc.dictionary(fc.constantFrom(...names), junk),
      fc.record({ properties: fc.dictionary(fc.string(), junk, { maxKeys: 40 }) }),
    );
    fc.assert(
      fc.property(given, (fields) => {
        const { fields: kept } = clean(fields);
        const line = JSON.stringify({ ...sample, ...kept });
        expect(checkEvent(JSON.parse(line)).refusal).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('what is right stays as it is, numbers become the text of an id, and text of an attribute a number', () => {
    expect(
      clean({
        item_id: 42,
        item_name: 'The Trial',
        item_quantity: '2',
        item_price: '9.90',
        currency: 'eur',
        page: 'books',
      }),
    ).toEqual({
      fields: { item_id: '42', item_name: 'The Trial', item_quantity: 2, item_price: 9.9, currency: 'EUR' },
      page: 'books',
    });
    expect(left).toEqual([]);
  });

  test('a field of another name goes into the properties', () => {
    expect(clean({ shelf: 3, properties: { colour: 'red', none: undefined } }).fields).toEqual({
      properties: { shelf: 3, colour: 'red' },
    });
  });

  test.each([
    [{ item_id: 'x'.repeat(65) }, 'item_id'],
    [{ item_quantity: 1.5 }, 'item_quantity'],
    [{ item_price: -1 }, 'item_price'],
    [{ item_price: Number.NaN }, 'item_price'],
    [{ currency: 'Euro' }, 'currency'],
    [{ properties: ['a'] }, 'properties'],
    [{ properties: { a: { b: { c: { d: 1 } } } } }, 'properties'],
    [{ properties: JSON.parse('{"__proto__":{"a":1}}') }, 'properties'],
    [{ properties: { text: 'ü'.repeat(2100) } }, 'properties'],
    [{ properties: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, i])) }, 'properties'],
    ['text', 'fields'],
  ])('what does not fit is left out and said: %#', (given, field) => {
    expect(clean(given).fields).toEqual({});
    expect(left).toEqual([field]);
  });

  test('properties that JSON cannot hold are left out', () => {
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    expect(clean({ item_id: 'a', properties: ring }).fields).toEqual({ item_id: 'a' });
    expect(left).toEqual(['properties']);
  });
});

describe('platforms', () => {
  const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15';
  test.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130 Safari/537.36', 'windows', 'desktop'],
    [mac, 'macos', 'desktop'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0', 'linux', 'desktop'],
    ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/130 Safari/537.36', 'chromeos', 'desktop'],
    ['Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/130 Mobile Safari/537.36', 'android', 'mobile'],
    ['Mozilla/5.0 (Linux; Android 14; SM-X910) Chrome/130 Safari/537.36', 'android', 'tablet'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1', 'ios', 'mobile'],
    ['Mozilla/5.0 (iPad; CPU OS 12_0 like Mac OS X) Version/12.0 Mobile/15A5341f Safari/604.1', 'ios', 'tablet'],
    ['something new', 'web', 'desktop'],
    ['', 'web', 'desktop'],
  ])('%s', (userAgent, os, device) => {
    expect(platformOf({ userAgent })).toEqual({ os, device });
  });

  test('an iPad that calls itself a Mac', () => {
    expect(platformOf({ userAgent: mac, maxTouchPoints: 5 })).toEqual({ os: 'ios', device: 'tablet' });
  });

  test("the browser's own words count more than the user agent", () => {
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/130';
    const words = (platform: string, mobile: boolean) => platformOf({ userAgent, userAgentData: { platform, mobile } });
    expect(words('Android', true)).toEqual({ os: 'android', device: 'mobile' });
    expect(words('Android', false)).toEqual({ os: 'android', device: 'tablet' });
    expect(words('Chrome OS', false)).toEqual({ os: 'chromeos', device: 'desktop' });
    expect(words('Windows', false)).toEqual({ os: 'windows', device: 'desktop' });
  });
});

describe('clicks', () => {
  const node = (attributes: Record<string, string>, tagName = 'DIV'): Attributed => ({
    tagName,
    getAttribute: (name) => attributes[name] ?? null,
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
  });

  test('a click outside of every data-track is nothing', () => {
    expect(eventOfPath([node({ id: 'x' }), node({ 'data-item-id': '1' }), {}])).toBeUndefined();
    expect(eventOfPath([])).toBeUndefined();
  });

  test('the innermost data-track names the event, the nearest of each field counts, properties are its own', () => {
    const path = [
      node({ id: 'icon' }, 'SVG'),
      node({ 'data-track': 'liked_item', 'data-item-quantity': '1', 'data-track-shelf-row': '3' }),
      {},
      node({ 'data-item-id': 'b1', 'data-item-name': 'The Trial', 'data-item-price': '9.90', 'data-page': 'books' }),
      node({ 'data-track': 'opened_card', 'data-item-id': 'outer', 'data-currency': 'EUR', 'data-track-card': 'x' }),
      node({ 'data-page': 'home', 'data-order-id': 'o1' }, 'BODY'),
    ];
    expect(eventOfPath(path)).toEqual({
      event: 'liked_item',
      fields: {
        page: 'books',
        item_id: 'b1',
        item_name: 'The Trial',
        item_quantity: '1',
        item_price: '9.90',
        currency: 'EUR',
        order_id: 'o1',
        properties: { shelf_row: '3' },
      },
    });
  });

  test("the body's page is left to the page's name", () => {
    const clicked = eventOfPath([node({ 'data-track': 'a' }), node({ 'data-page': 'home' }, 'BODY')]);
    expect(clicked?.fields.page).toBeUndefined();
  });
});

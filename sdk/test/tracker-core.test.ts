import './browser/fake-dom.js';
import { webcrypto } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { anyCharacter } from '@millrace/testing/any-character';
import { someEvent } from '@millrace/testing/event';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { checkEvent, isSlug, plainLetters, nameOf as schemaName } from '../src/schema/index.js';
import type { Attributed } from '../src/tracker/browser/dom.js';
import { createStore } from '../src/tracker/browser/store.js';
import type { TrackerContext } from '../src/tracker/core/context.js';
import { defaults } from '../src/tracker/core/defaults.js';
import { defaultPage, pageFromPath, toName } from '../src/tracker/core/slug.js';
import { startTracker } from '../src/tracker/core/start-tracker.js';
import { createIdentity, sessionIdleMs } from '../src/tracker/identity/identity.js';
import { shortId } from '../src/tracker/identity/short-id.js';
import { allModules, createTracker } from '../src/tracker/index.js';
import type { TrackerModule } from '../src/tracker/module.js';
import { campaign } from '../src/tracker/modules/campaign.js';
import { clean, cleanFields, propertiesText } from '../src/tracker/modules/clean.js';
import { eventOfPath } from '../src/tracker/modules/clicks.js';
import { clockErrorOf, clock as clockPart } from '../src/tracker/modules/clock.js';
import { cookie } from '../src/tracker/modules/cookie.js';
import { identify } from '../src/tracker/modules/identify.js';
import { mask } from '../src/tracker/modules/mask.js';
import { naming } from '../src/tracker/modules/naming.js';
import { routeOf } from '../src/tracker/modules/open-view.js';
import { pageExit } from '../src/tracker/modules/page-exit.js';
import { platformOf } from '../src/tracker/modules/platform.js';
import { reports } from '../src/tracker/modules/reports.js';
import { isInSample, sample as sampling } from '../src/tracker/modules/sample.js';
import { pages } from '../src/tracker/modules/views.js';
import type { Draft, Moments, Plugin, PluginContext } from '../src/tracker/plugin.js';
import { lineOf } from '../src/tracker/queue/entry.js';
import { entriesOf, nameOf } from '../src/tracker/queue/stored-name.js';
import { type FakeBrowser, type Sent, startFakeBrowser } from './browser/fake-browser.js';
import { createDisk, type Disk } from './browser/web-storage.js';

const start = 1_795_406_270_273;
const minute = 60_000;

const sample = someEvent({ sdk: 'millrace-js/0.1.0' });

describe('ids', () => {
  /** The event as it is sent. */
  const eventAt = (at: number, seq = 0, stream = shortId(at)) =>
    JSON.parse(lineOf({ stream, seq, at, text: `${at}${JSON.stringify(sample)}` }));

  test("an event's id is a UUIDv7 of its millisecond, and says its time as the event does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 43 }), fc.nat({ max: 1e6 }), (at, seq) => {
        const event = eventAt(at, seq);
        expect(event.event_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(event.event_id.replace('-', '').slice(0, 12), 16)).toBe(at);
        expect(Date.parse(event.event_time)).toBe(at);
        expect(event).toMatchObject({ event: 'clicked_review', seq });
        if (at > Date.UTC(1973)) expect(checkEvent(event).refusal).toBeUndefined();
      }),
    );
  });

  test('an event has the same line from the page that tracked it as from the one that finds it stored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8e15 }), fc.nat({ max: 1e6 }), (at, seq) => {
        const tracked = { stream: shortId(at), seq, at, text: `${at}${JSON.stringify(sample)}` };
        const [found] = entriesOf([nameOf(tracked)], [tracked.text]);
        expect(lineOf(found!)).toBe(lineOf(tracked));
      }),
    );
  });

  test('10,000 events of one millisecond have different ids, in their order', () => {
    const stream = shortId(start);
    const ids = Array.from({ length: 10_000 }, (_, seq) => eventAt(start, seq, stream).event_id);
    expect(new Set(ids).size).toBe(10_000);
    expect(ids.toSorted()).toEqual(ids);
  });

  test('the ids of two streams differ in the same millisecond, and all digits occur', () => {
    const ids: string[] = Array.from({ length: 200 }, () => eventAt(start).event_id);
    expect(new Set(ids).size).toBe(200);
    expect(new Set(ids.map((id) => id.slice(-12)).join('')).size).toBe(16);
  });

  test('short ids have 20 characters, sort by age and differ', () => {
    const ids = Array.from({ length: 1000 }, () => shortId(start));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{20}$/);
    for (const id of ids) expect(shortId(start + 1) > id).toBe(true);
  });
});

describe('names', () => {
  test(`the tracker’s names are the schema’s; only a blank text is none${leavesOut('200 of 1,000 runs')}`, () => {
    const letters = fc.string({ unit: fc.constantFrom(...'aZ9 _-øŁßÆœĐÞıİéÅ購ガЖ٣👍\u0301\ud800'), maxLength: 60 });
    const texts = [
      fc.string({ unit: anyCharacter, maxLength: 200 }),
      letters,
      fc.stringMatching(/^[a-z][a-z0-9_]{0,50}$/),
    ];
    fc.assert(
      fc.property(fc.oneof(...texts), (text) => {
        expect(toName(text)).toBe(text.trim() && schemaName(text));
      }),
      { numRuns: inForm(200, 1_000) },
    );
    for (const letter of Object.keys(plainLetters)) expect(toName(`x${letter}`)).toBe(schemaName(`x${letter}`));
  });

  test.each([
    ['Clicked Review!', 'clicked_review'],
    ['Électronique', 'electronique'],
    ['Købt nu', 'kobt_nu'],
    ['GRÖSSE ẞ', 'grosse_ss'],
    ['2024-sale', 'sale'],
    ['日本', '日本'],
    [' Оформить заказ ', 'Оформить заказ'],
    ['VIP 会员', 'VIP 会员'],
    ['42', '42'],
    [' \u3000\n', ''],
  ])('%s becomes %s', (text, name) => {
    expect(toName(text)).toBe(name);
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
    ['/書籍/1', '書籍'],
    ['/%E6%9B%B8%E7%B1%8D/1', '書籍'],
    ['/p%C3%B8lser/', 'polser'],
    ['/каталог.html', 'каталог'],
    ['/購入.php', '購入'],
    ['/42.html', '42'],
  ])('the path %s is the page %s', (path, page) => {
    expect(pageFromPath(path)).toBe(page);
  });

  test('the short way gives a slug for every path, and for paths in plain letters the same one', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        expect(isSlug(defaultPage(path))).toBe(true);
      }),
    );
    for (const path of ['/', '', '/books', '/Books/the-trial', '/cart/', '/42']) {
      expect(defaultPage(path)).toBe(pageFromPath(path));
    }
  });

  test('a route is another page when its path or query is; its fragment counts when the site routes by it', () => {
    const route = (href: string) => routeOf(new URL(href, 'https://shop.example'));
    expect(route('/books#reviews')).toBe(route('/books'));
    expect(route('/books?page=2')).not.toBe(route('/books'));
    expect(route('/#/books')).not.toBe(route('/#/food'));
    expect(route('/#!books')).not.toBe(route('/'));
  });
});

describe('fields', () => {
  const left: string[] = [];
  const clean = (given: Record<string, unknown>): Record<string, unknown> => {
    left.length = 0;
    const leave = (what: string) => void left.push(what);
    const { properties, ...fields } = cleanFields(given, leave);
    const text = propertiesText(properties as object, leave);
    return text ? { ...fields, properties: JSON.parse(`{${text}}`) } : fields;
  };
  const ring: Record<string, unknown> = { keep: 1 };
  ring.self = ring;

  test(`an event with whatever name and fields a page gives passes the schema, or has no name${leavesOut('200 of 1,000 runs')}`, () => {
    const names = ['event', 'page', 'url', 'referrer', 'title', 'item_id', 'item_name', 'item_quantity', 'item_price'];
    const others = ['currency', 'order_id', 'properties', 'other', 'seq', 'event_id', '__proto__', 'toString'];
    const junk = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
      fc.string({ maxLength: 400 }),
      fc.double(),
      fc.constantFrom('EUR', 'eur', '12', ' ', '1e3', Symbol('s'), () => 1),
    );
    const given = fc.oneof(
      fc.dictionary(fc.string(), fc.anything()),
      fc.dictionary(fc.constantFrom(...names, ...others), junk),
      fc.record({ properties: fc.dictionary(fc.string(), junk, { maxKeys: 40 }) }),
    );
    fc.assert(
      fc.property(given, (fields) => {
        const kept = clean(fields);
        const line = JSON.stringify({ ...kept, ...sample, event: kept.event ?? 'a', page: kept.page ?? 'b' });
        expect(checkEvent(JSON.parse(line)).refusal).toBeUndefined();
      }),
      { numRuns: inForm(200, 1_000) },
    );
  });

  test('what is right stays as it is, numbers become the text of an id, and text of an attribute a number', () => {
    expect(
      clean({
        event: 'Liked Item',
        item_id: 42,
        order_id: 7n,
        item_name: 'The Trial',
        item_quantity: '2',
        item_price: '9.90',
        currency: 'eur',
        page: 'books',
      }),
    ).toEqual({
      event: 'liked_item',
      item_id: '42',
      order_id: '7',
      item_name: 'The Trial',
      item_quantity: 2,
      item_price: 9.9,
      currency: 'EUR',
      page: 'books',
    });
    expect(left).toEqual([]);
  });

  const broken = Proxy.revocable({}, {});
  broken.revoke();
  const trap = () => {
    throw new Error('trap');
  };
  test.each<[what: string, value: unknown, kept: unknown]>([
    ['a ring', ring, { keep: 1 }],
    ['a ring in an array', [ring], [{ keep: 1 }]],
    ['a BigInt', 7n, undefined],
    ['a BigInt in an array', [1, 7n, 2], [1, null, 2]],
    ['a revoked proxy', broken.proxy, undefined],
    [
      'an object with a getter that throws',
      Object.defineProperty({ keep: 1 }, 'bad', { get: trap, enumerable: true }),
      { keep: 1 },
    ],
    ['an object whose toJSON throws', { toJSON: trap }, undefined],
    ['an object that is too deep', { a: { b: { c: 1 } }, keep: 1 }, { a: {}, keep: 1 }],
    ['a text that is too long', 'ü'.repeat(2100), undefined],
    ['a name that the server refuses', { ...JSON.parse('{"__proto__":1}'), keep: 1 }, { keep: 1 }],
  ])('one bad value among the properties goes alone, under its name: %s', (_, bad, kept) => {
    const fields = clean({ item_id: '7', properties: { before: 'a', bad, behind: [1, { b: true }] } });
    expect(fields).toEqual({
      item_id: '7',
      properties: { before: 'a', ...(kept === undefined ? {} : { bad: kept }), behind: [1, { b: true }] },
    });
    expect(left).toEqual(['properties.bad']);
  });

  test.each<[what: string, field: string, fields: object, kept: object]>([
    [
      'a getter that throws',
      'item_id',
      {
        get item_id() {
          return trap();
        },
        item_name: 'x',
      },
      { item_name: 'x' },
    ],
    [
      'properties with a getter that throws',
      'properties.bad',
      {
        properties: {
          get bad() {
            return trap();
          },
          good: 1,
        },
      },
      { properties: { good: 1 } },
    ],
    [
      'properties that are a revoked proxy',
      'properties',
      { item_name: 'x', properties: new Proxy({}, { ownKeys: trap }) },
      { item_name: 'x' },
    ],
    ['an array as a field', 'item_id', { item_id: ['a'], item_name: 'x' }, { item_name: 'x' }],
  ])('one bad field goes alone: %s', (_, field, fields, kept) => {
    expect(clean(fields as Record<string, unknown>)).toEqual(kept);
    expect(left).toEqual([field]);
  });

  test('properties are what JSON makes of them: dates, wrappers, classes with toJSON, what JSON leaves out', () => {
    class Money {
      toJSON() {
        return '9.90 EUR';
      }
    }
    const properties = {
      at: new Date(0),
      never: new Date(Number.NaN),
      boxed: [new String('a'), new Number(1), new Boolean(false)],
      price: new Money(),
      none: null,
      f() {},
      u: undefined,
      list: [undefined, () => 1, Symbol('s')],
      map: new Map([[1, 2]]),
      bytes: new Uint8Array([1, 2]),
    };
    expect(JSON.stringify(clean({ properties }).properties)).toBe(JSON.stringify(properties));
    expect(left).toEqual([]);
  });

  test('a text that is too long is cut, an id is not, because half of one is another', () => {
    const kept = clean({ title: 'x'.repeat(300), item_name: 'y'.repeat(300), item_id: 'z'.repeat(65) });
    expect(kept).toEqual({ title: 'x'.repeat(256), item_name: 'y'.repeat(256) });
    expect(left).toEqual(['item_id']);
  });

  test('a field of another name goes into the properties, and null and undefined are no values', () => {
    const given = { shelf: 3, none: null, item_id: undefined, properties: { colour: 'red', none: undefined } };
    expect(clean(given)).toEqual({ properties: { shelf: 3, colour: 'red' } });
    expect(left).toEqual([]);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ item_id: 'x'.repeat(65) }, 'item_id'],
    [{ item_id: '' }, 'item_id'],
    [{ item_quantity: 1.5 }, 'item_quantity'],
    [{ item_price: -1 }, 'item_price'],
    [{ item_price: Number.NaN }, 'item_price'],
    [{ item_price: ' ' }, 'item_price'],
    [{ currency: 'Euro' }, 'currency'],
    [{ page: ' \u3000' }, 'page'],
    [{ properties: ['a'] }, 'properties'],
    [{ properties: 'text' }, 'properties'],
    [{ properties: JSON.parse('{"__proto__":{"a":1}}') }, 'properties.__proto__'],
    [{ properties: { text: 'ü'.repeat(2100) } }, 'properties.text'],
  ])('what does not fit is left out and said: %#', (given, field) => {
    expect(JSON.stringify(clean(given))).toBe('{}');
    expect(left).toEqual([field]);
  });

  test('of more than 32 properties the first 32 stay, of more than 4 KiB what fits in their order', () => {
    const many = Object.fromEntries(Array.from({ length: 35 }, (_, i) => [`k${i}`, i]));
    expect(Object.keys(clean({ properties: many }).properties as object)).toHaveLength(32);
    expect(left).toEqual(['properties.k32', 'properties.k33', 'properties.k34']);
    const large = { a: 'x'.repeat(2000), b: 'x'.repeat(2500), c: 'x'.repeat(2000), d: 1 };
    expect(Object.keys(clean({ properties: large }).properties as object)).toEqual(['a', 'c', 'd']);
    expect(left).toEqual(['properties.b']);
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
    ['Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)', 'windows', 'desktop'],
    ['Microsoft-CryptoAPI/10.0', 'web', 'desktop'],
    ['Tumacho/1.0 (Skipod; Dandroid)', 'web', 'desktop'],
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

describe('the person', () => {
  const open = (disk: Disk, changed = () => {}) =>
    createIdentity(
      createStore(() => disk.storage, 'p.'),
      changed,
    );

  test('a session goes on while there is an event in 30 minutes, and ends after it; the visitor stays', () => {
    const identity = open(createDisk());
    const first = { ...identity._touch(start) };
    let now = start;
    for (let n = 0; n < 10; n++) {
      now += sessionIdleMs;
      expect(identity._touch(now).session_id).toBe(first.session_id);
    }
    const later = identity._touch(now + sessionIdleMs + 1);
    expect(later.session_id).not.toBe(first.session_id);
    expect(later.visitor_id).toBe(first.visitor_id);
  });

  test('midnight ends no session', () => {
    const identity = open(createDisk());
    const midnight = Date.UTC(2026, 11, 31, 24);
    expect(identity._touch(midnight - 1).session_id).toBe(identity._touch(midnight + 1).session_id);
  });

  test('tabs and later pages share visitor, session and user at once', () => {
    const disk = createDisk();
    const [one, two] = [open(disk), open(disk)];
    const { visitor_id, session_id } = one._touch(start);
    expect(two._touch(start + minute)).toMatchObject({ visitor_id, session_id });
    two._touch(start + minute).user_id = 'u1';
    two._save();
    expect(one._touch(start + 2 * minute).user_id).toBe('u1');
    one._touch(start + 3 * minute).user_id = undefined;
    one._save();
    expect(two._touch(start + 4 * minute).user_id).toBeUndefined();
    two._save();
    expect(open(disk)._touch(start + 5 * minute)).toMatchObject({ visitor_id, session_id });
  });

  test('a session lives on the last event of any tab', () => {
    const disk = createDisk();
    const [one, two] = [open(disk), open(disk)];
    const { session_id } = one._touch(start);
    two._touch(start + 20 * minute);
    expect(one._touch(start + 45 * minute).session_id).toBe(session_id);
  });

  test('a user stays over sessions', () => {
    const identity = open(createDisk());
    identity._touch(start).user_id = 'u1';
    identity._save();
    expect(identity._touch(start + 90 * minute).user_id).toBe('u1');
  });

  test('says when a visitor follows on another, and not when one is there for the first time', () => {
    const disk = createDisk();
    let changes = 0;
    const identity = open(disk, () => changes++);
    const { visitor_id } = identity._touch(start);
    expect(changes).toBe(0);
    disk.storage.removeItem('p.v');
    expect(identity._touch(start + 10).visitor_id).not.toBe(visitor_id);
    expect(changes).toBe(1);
    open(disk)._touch(start + 2 * sessionIdleMs);
    identity._touch(start + 2 * sessionIdleMs + 1);
    expect(changes).toBe(1);
  });

  test('who leaves is somebody else at once', () => {
    const identity = open(createDisk());
    const { visitor_id } = identity._touch(start);
    identity._forget();
    expect(identity._touch(start).visitor_id).not.toBe(visitor_id);
  });

  test('does not write at every event', () => {
    const disk = createDisk();
    let writes = 0;
    const setItem = disk.storage.setItem;
    disk.storage.setItem = (name: string, text: string) => {
      writes++;
      setItem(name, text);
    };
    const identity = open(disk);
    for (let n = 0; n < 100; n++) identity._touch(start + n);
    expect(writes).toBe(1);
  });

  test('without any storage the person is the same for the page’s life', () => {
    const identity = createIdentity(
      createStore(() => undefined, 'p.'),
      () => {},
    );
    expect({ ...identity._touch(start) }).toEqual({ ...identity._touch(start + minute) });
  });

  test('a record that is broken, or from a clock far ahead, does not stick', () => {
    for (const text of ['', '{', '|', 'v|s', 'v|s|', '||0|', 'v|s|x|', `${'v'.repeat(65)}|s|1|`]) {
      expect(open(createDisk({ 'p.v': text }))._touch(start).visitor_id).toMatch(/^[a-z0-9]{20}$/);
    }
    const ahead = createDisk({ 'p.v': `v1|s1|${start + 1000 * minute}|` });
    const person = open(ahead)._touch(start);
    expect(person.visitor_id).toBe('v1');
    expect(person.session_id).not.toBe('s1');
  });
});

describe('plugins that read the address', () => {
  /** What a plugin makes of an event. */
  function through(plugin: Plugin<void>, event: Partial<Draft>): Partial<Draft> {
    plugin({
      track: () => {},
      on: (moment, work) => {
        if (moment === 'event') work(event as Draft as Moments[typeof moment]);
      },
      _options: { quiet: true },
    } as PluginContext);
    return event;
  }

  test('a masked parameter has no value, in the query and the fragment, of the address and the referrer', () => {
    expect(
      through(mask(['email', 'api_key']), {
        url: 'https://shop.example/a?email=a@b.c&x=1&EMAIL=d#api_key=s&y=2',
        referrer: 'https://shop.example/?xemail=1&email=',
      }),
    ).toEqual({
      url: 'https://shop.example/a?email=*&x=1&EMAIL=*#api_key=*&y=2',
      referrer: 'https://shop.example/?xemail=1&email=*',
    });
  });

  test('names to be masked are names, not patterns', () => {
    const url = 'https://shop.example/?axb=1&a.b=2';
    expect(through(mask([' a.b ']), { url }).url).toBe('https://shop.example/?axb=1&a.b=*');
    expect(through(mask(['(']), { url }).url).toBe(url);
    expect(through(mask([]), { url }).url).toBe(url);
  });

  test('the value of a masked parameter is in no masked address', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9%+._~-]{6,20}$/);
    fc.assert(
      fc.property(value, fc.constantFrom('?', '?a=1&', '#', '#/books?', '?a=1;'), (secret, before) => {
        const url = `https://shop.example/books${before}token=${secret}&b=2`;
        expect(through(mask(['token']), { url }).url).toBe(`https://shop.example/books${before}token=*&b=2`);
      }),
    );
  });

  test('a page view that came from a campaign has its parameters as properties; those of the page count more', () => {
    const url = 'https://shop.example/?utm_source=news&utm_medium=&gclid=G1&other=x&utm_campaign=%C3%BC';
    expect(through(campaign, { event: 'page_view', url, properties: { gclid: 'mine', a: 1 } }).properties).toEqual({
      utm_source: 'news',
      utm_campaign: 'ü',
      gclid: 'mine',
      a: 1,
    });
    expect(through(campaign, { event: 'page_view', url: 'https://shop.example/' }).properties).toBeUndefined();
    expect(through(campaign, { event: 'liked_item', url }).properties).toBeUndefined();
    const long = through(campaign, { event: 'page_view', url: `https://shop.example/?fbclid=${'x'.repeat(900)}` });
    expect(long.properties!.fbclid).toHaveLength(200);
  });
});

describe('the clock', () => {
  test.each([
    [JSON.stringify({ time: 5_000_100 }), 4_999_900, 5_000_100, 100],
    [JSON.stringify({ time: 1000 }), 500, 400, Number.NaN],
    [JSON.stringify({ time: 1000 }), 0, 9000, Number.NaN],
    [JSON.stringify({ time: 'now' }), 0, 10, Number.NaN],
    ['null', 0, 10, Number.NaN],
    ['<html>', 0, 10, Number.NaN],
    ['', 0, 10, Number.NaN],
    [undefined, 0, 10, Number.NaN],
  ])('an answer %s to what was sent at %d, at %d, says an error of %s', (answer, sentAt, now, error) => {
    expect(clockErrorOf(answer, sentAt, now)).toBe(error);
  });
});

describe('a tracker in a page', () => {
  let browser: FakeBrowser;
  beforeEach(() => {
    browser = startFakeBrowser({ now: start });
  });
  afterEach(() => browser.close());
  const site = { key: 'demo', endpoint: '/v1/events' };
  const sent = () => browser.sent.flatMap(({ lines }) => lines.map((line) => JSON.parse(line)));
  const started = (...modules: TrackerModule<unknown>[]) => {
    browser.open();
    return startTracker(site, [defaults, ...(modules as TrackerModule[])]);
  };

  test('the smallest one sends what passes the schema', async () => {
    const tracker = started();
    tracker.track('liked_item', { item_id: '42', item_price: 9.9, currency: 'EUR', properties: { list: 'summer' } });
    await browser.clock.advance(1000);
    expect(checkEvent(sent()[0]).refusal).toBeUndefined();
    expect(sent()[0]).toMatchObject({
      event: 'liked_item',
      page: 'books',
      url: 'https://shop.example/books',
      event_time: new Date(start).toISOString(),
      item_id: '42',
      os: 'web',
      device: 'unknown',
      properties: { list: 'summer' },
    });
  });

  test('an event whose time is none is left out, whoever gave it, and holds up no other', async () => {
    const tracker = started();
    for (const at of [-1e17, -1000, 'x' as unknown as number]) tracker.track('liked_item', {}, at);
    tracker.track('liked_item', {}, start - 0.5);
    await browser.clock.advance(1000);
    expect(sent().map(({ seq, event_time }) => [seq, Date.parse(event_time)])).toEqual([[0, start - 1]]);
  });

  test('fields that are no JSON take no number: no gap that would look like a loss', async () => {
    const tracker = started();
    expect(() => tracker.track('liked_item', { toJSON() {} })).toThrow();
    expect(() => tracker.track('liked_item', { n: 1n })).toThrow();
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(sent().map(({ seq }) => seq)).toEqual([0]);
  });

  test('no field of a page replaces what the tracker knows better', async () => {
    const tracker = started(clean, reports);
    const forged = {
      event_id: 'x',
      visitor_id: 'x',
      session_id: 'x',
      stream_id: 'x',
      seq: 99,
      sdk: 'x',
      event_time: 'x',
    };
    tracker.track('liked_item', forged);
    await browser.clock.advance(1000);
    expect(checkEvent(sent()[0]).refusal).toBeUndefined();
    expect(sent()[0]).toMatchObject({ seq: 0, properties: forged });
    expect(sent()[0].visitor_id).not.toBe('x');
  });

  const addresses = {
    campaign: `https://shop.example/books?${['source', 'medium', 'campaign', 'term', 'content', 'id'].map((name) => `utm_${name}=x`).join('&')}&gclid=y`,
    long: `https://shop.example/books?q=${'%E2%82%AC'.repeat(300)}`,
  };
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, i]));
  test.each<[what: string, href: string, fields: object, dropped: number]>([
    ['30 properties and 7 campaign parameters', addresses.campaign, { properties: many }, 5],
    [
      '4,000 bytes of properties and 7 campaign parameters',
      addresses.campaign,
      { properties: { text: 'x'.repeat(4000) } },
      2,
    ],
    [
      'fields that fill the event',
      addresses.long,
      { referrer: '\u0001'.repeat(2048), title: '\u0001'.repeat(256), properties: { text: 'x'.repeat(4000) } },
      1,
    ],
    ['a plugin’s value that is no JSON', addresses.campaign, { properties: { bad: 1 } }, 1],
  ])('no automatic field costs an event: %s', async (_, href, fields, dropped) => {
    browser.open(href);
    const tracker = startTracker(site, [defaults, clean, reports, pages, campaign] as TrackerModule[]);
    tracker.use((context) =>
      context.on('event', ({ properties }) => {
        if (properties?.bad) properties.bad = 1n as never;
      }),
    );
    (tracker.page as (fields: object) => void)(fields);
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(sent().map((event) => checkEvent(event).refusal)).toEqual([undefined, undefined]);
    const told = sent().flatMap(({ properties }) => properties?.tracker_dropped ?? []);
    expect(told).toEqual([{ field: dropped }]);
  });

  test.each([
    ['a text', 'books'],
    ['a list', ['books']],
    ['a number', 7],
    ['a function', () => 1],
  ])('%s is no fields of an event: it is counted, and the event goes without it', async (_, fields) => {
    const tracker = started(clean, reports);
    tracker.track('liked_item', fields);
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(sent().map(({ properties }) => properties)).toEqual([{ tracker_dropped: { field: 1 } }, undefined]);
  });

  test('a call that cannot be understood and a field that does not fit are counted, and the next event tells', async () => {
    const tracker = started(clean, reports);
    const reasons: string[] = [];
    tracker.use(({ on }) => on('dropped', ({ reason, what }) => reasons.push(`${reason} ${what}`)));
    tracker.track(' ');
    const trap = new Proxy({}, { ownKeys: () => JSON.parse('{') });
    tracker.track('liked_item', trap);
    tracker.track('liked_item', { item_price: -1 });
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(reasons).toEqual(['invalid event', 'field fields', 'field item_price']);
    expect(sent().map(({ properties }) => properties?.tracker_dropped)).toEqual([
      { invalid: 1, field: 1 },
      { invalid: 1, field: 2 },
      undefined,
    ]);
  });

  test('counts wait for an event that has room for them, so that none becomes too large by telling', async () => {
    const tracker = started(clean, reports);
    tracker.track(' ');
    const full = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`k${index}`, 'x'.repeat(100)]));
    tracker.track('liked_item', { properties: full });
    tracker.track('liked_item', { properties: { a: 1 } });
    await browser.clock.advance(1000);
    expect(sent().map(({ properties }) => properties.tracker_dropped)).toEqual([undefined, { invalid: 1 }]);
    for (const event of sent()) expect(checkEvent(event).refusal).toBeUndefined();
  });

  test('in whatever order a site names sample, clock and reports, the same events come', async () => {
    const modules = { clean, reports, clockPart, sampled: sampling(1) };
    const names = Object.keys(modules) as (keyof typeof modules)[];
    const orders = (rest: typeof names): (typeof names)[] =>
      rest.length < 2
        ? [rest]
        : rest.flatMap((first) => orders(rest.filter((name) => name !== first)).map((others) => [first, ...others]));
    const seen = new Set<string>();
    for (const order of orders(names)) {
      browser.close();
      browser = startFakeBrowser({ now: start });
      const tracker = started(...order.map((name) => modules[name]));
      tracker.track('liked_item', { item_price: -1 });
      // Set back: the next event begins a stream, and carries the totals.
      browser.clock.now -= minute;
      tracker.track(' ');
      tracker.track('liked_item');
      await browser.clock.advance(5000);
      const streams = [...new Set(sent().map(({ stream_id }) => stream_id))];
      seen.add(
        JSON.stringify(
          sent().map(({ stream_id, seq, properties }) => [streams.indexOf(stream_id), seq, properties.tracker_dropped]),
        ),
      );
    }
    expect([...seen]).toEqual([
      JSON.stringify([
        // The older id goes first: that of the stream after the jump.
        [0, 0, { field: 1, invalid: 1 }],
        [1, 0, { field: 1 }],
      ]),
    ]);
  });

  test('identify takes a name of at most 64 characters, keeps it, and lets it go', async () => {
    const tracker = started(identify);
    const name = tracker.identify as (user: unknown) => void;
    for (const user of ['u1', 42, 'x'.repeat(65), {}, null]) {
      name(user);
      tracker.track('liked_item');
    }
    await browser.clock.advance(1000);
    expect(sent().map(({ user_id }) => user_id)).toEqual(['u1', '42', '42', '42', undefined]);
  });

  test.each([
    undefined,
    '',
    '  ',
    'undefined',
    'null',
    Number.NaN,
    'NaN',
    false,
    '[object Object]',
    [],
    ['u2'],
    () => 1,
    Symbol('u'),
    'x'.repeat(65),
  ])('what names nobody (%p) ends no user: it is ignored and counted; only null does', async (nonsense) => {
    const tracker = started(identify, reports);
    const name = tracker.identify as (user: unknown) => void;
    name('u1');
    expect(() => name(nonsense)).not.toThrow();
    tracker.track('liked_item');
    name(null);
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(sent().map(({ user_id, properties }) => [user_id, properties?.tracker_dropped])).toEqual([
      ['u1', { invalid: 1 }],
      [undefined, undefined],
    ]);
  });

  test('a page that gives Math.random one value still has visitors with ids of their own', () => {
    browser.set({ crypto: webcrypto });
    const { random } = Math;
    for (const constant of [0, 0.5]) {
      Math.random = () => constant;
      try {
        expect(new Set(Array.from({ length: 100 }, () => shortId(start))).size).toBe(100);
      } finally {
        Math.random = random;
      }
    }
  });

  test('a plugin may change an event, or leave it out, and one that throws does neither', async () => {
    const tracker = started();
    tracker.use(({ on }) => {
      on('event', (event) => {
        event.item_id = 'changed';
      });
    });
    tracker.use(({ on }) => on('event', ({ event }) => event !== 'secret'));
    tracker.use(({ on }) => on('event', () => JSON.parse('{')));
    tracker.use(() => JSON.parse('{'));
    tracker.track('secret');
    tracker.track('liked_item');
    await browser.clock.advance(1000);
    expect(sent().map(({ event, item_id, seq }) => [event, item_id, seq])).toEqual([['liked_item', 'changed', 0]]);
  });

  test("a plugin's calls are the tracker's", () => {
    const tracker = started();
    tracker.use(() => ({ hello: () => 'hi' }));
    expect((tracker.hello as () => string)()).toBe('hi');
  });

  test('the page’s name: by a call on its path, else of the document, else of the path', () => {
    const { document, location } = browser.open('https://shop.example/Books/1');
    const name = (page?: string) => {
      let context: TrackerContext | undefined;
      startTracker({ ...site, page }, [
        defaults,
        naming,
        (given: TrackerContext) => {
          context = given;
        },
      ]);
      return context!;
    };
    expect(name()._pageName()).toBe('books');
    document.documentElement.dataset.page = 'Whole Document';
    expect(name()._pageName()).toBe('whole_document');
    document.body!.dataset.page = 'body';
    expect(name()._pageName()).toBe('body');
    const named = name('given');
    expect(named._pageName()).toBe('given');
    named._namePage!('called');
    expect(named._pageName()).toBe('called');
    location.pathname = '/food';
    expect(named._pageName()).toBe('body');
    document.body = null;
    document.documentElement.dataset = {};
    expect(named._pageName()).toBe('food');
  });

  describe('sampling', () => {
    test('takes about its share of the visitors, the same ones in every larger share', () => {
      const visitors = Array.from({ length: 4000 }, () => shortId(start));
      const taken = (share: number) => visitors.filter((visitor) => isInSample(visitor, share));
      expect([taken(0).length, taken(1).length]).toEqual([0, 4000]);
      expect(Math.abs(taken(0.25).length - 1000)).toBeLessThan(200);
      expect(taken(0.5)).toEqual(expect.arrayContaining(taken(0.25)));
    });

    test('all visitors are all, also those whose id is not one of ours', () => {
      for (const visitor of ['user-xyz', '', 'zzzzzzzz', '------']) {
        expect(isInSample(visitor, 1)).toBe(true);
        expect(isInSample(visitor, 0)).toBe(false);
      }
    });

    test('tracks all of a visitor or nothing, over pages, and without a gap', async () => {
      let tracked = 0;
      for (let visitor = 0; visitor < 20; visitor++) {
        browser.close();
        browser = startFakeBrowser({ now: start });
        for (let page = 0; page < 2; page++) {
          const tracker = started(sampling(0.5));
          tracker.track('liked_item');
          tracker.track('liked_item');
          await browser.clock.advance(1000);
        }
        expect([[], [0, 1, 0, 1]]).toContainEqual(sent().map(({ seq }) => seq));
        if (sent().length) tracked++;
      }
      expect(tracked).toBeGreaterThan(0);
      expect(tracked).toBeLessThan(20);
    });
  });

  test('what is masked in the address is not in the campaign either', async () => {
    browser.set({ CompressionStream: undefined });
    browser.open('https://shop.example/books?gclid=secret');
    void createTracker(site, allModules({ mask: ['gclid'] })).flush();
    await browser.clock.advance(1000);
    expect(sent()).toHaveLength(1);
    expect(JSON.stringify(sent())).not.toContain('secret');
  });

  describe('a cookie for several hosts', () => {
    test('gives each host the same visitor', async () => {
      const first = browser.open('https://shop.example.com/');
      startTracker(site, [defaults, cookie('example.com')] as TrackerModule[]).track('liked_item');
      await browser.clock.advance(1000);
      const [{ visitor_id }] = sent();
      expect(first.document.cookie).toMatch(
        new RegExp(`^millrace=${visitor_id}; max-age=34560000; domain=example.com; path=/; samesite=lax; secure$`),
      );
      browser.close();
      browser = startFakeBrowser({ now: start });
      const other = browser.open('https://www.example.com/');
      other.document.cookie = `a=b; millrace=${visitor_id}; c=d`;
      startTracker(site, [defaults, cookie('example.com')] as TrackerModule[]).track('liked_item');
      await browser.clock.advance(1000);
      expect(sent()[0].visitor_id).toBe(visitor_id);
    });

    /** A cookie jar, as far as one cookie of ours goes. */
    function withJar(document: object): { value: string } {
      const jar = { value: '' };
      Object.defineProperty(document, 'cookie', {
        get: () => jar.value,
        set(text: string) {
          jar.value = text.includes('max-age=0') ? '' : text.split(';')[0]!;
        },
      });
      return jar;
    }

    test.each([
      [
        'all of the storage',
        (disk: Disk) => {
          for (const name of Object.keys(disk.storage)) delete disk.storage[name];
        },
      ],
      ['our record', (disk: Disk) => delete disk.storage['millrace.demo.v']],
      ['our record’s sense', (disk: Disk) => Object.assign(disk.storage, { 'millrace.demo.v': 'nonsense' })],
    ])('a site that clears %s keeps the visitor, by the cookie', async (_, clear) => {
      const jar = withJar(browser.open('https://shop.example.com/').document);
      const tracker = startTracker(site, [defaults, cookie('example.com')] as TrackerModule[]);
      tracker.track('liked_item');
      clear(browser.disk);
      tracker.track('liked_item');
      await browser.clock.advance(1000);
      const visitors = sent().map(({ visitor_id }) => visitor_id);
      expect(new Set(visitors).size).toBe(1);
      expect(jar.value).toBe(`millrace=${visitors[0]}`);
    });

    test('reset makes another visitor, of the cookie too', async () => {
      const jar = withJar(browser.open('https://shop.example.com/').document);
      const tracker = startTracker(site, [defaults, cookie('example.com'), identify] as TrackerModule[]);
      tracker.track('liked_item');
      (tracker.reset as () => void)();
      expect(jar.value).toBe('');
      tracker.track('clicked_review');
      await browser.clock.advance(1000);
      const [first, second] = ['liked_item', 'clicked_review'].map(
        (name) => sent().find(({ event }) => event === name).visitor_id,
      );
      expect(second).not.toBe(first);
      expect(jar.value).toBe(`millrace=${second}`);
    });

    test.each([
      ['reset()', (tracker: { reset?: unknown }) => (tracker.reset as () => void)()],
      ['the site clears its storage', (_: unknown, disk: Disk) => delete disk.storage['millrace.demo.v']],
      [
        'another tab made another visitor',
        (_: unknown, disk: Disk) => Object.assign(disk.storage, { 'millrace.demo.v': `other|session|${Date.now()}|` }),
      ],
    ])('a visitor who is gone stays gone when the page is left (%s)', async (_, end) => {
      const page = browser.open('https://shop.example.com/');
      const tracker = startTracker(site, [defaults, identify, pageExit] as TrackerModule[]);
      tracker.track('liked_item');
      await browser.clock.advance(1000);
      const visitor = sent()[0]!.visitor_id;
      end(tracker as never, browser.disk);
      page.leave();
      await browser.clock.advance(1000);
      expect(browser.disk.storage['millrace.demo.v'] ?? '').not.toContain(visitor);
    });

    test('a cookie that is none of ours changes nothing', async () => {
      const { document } = browser.open('https://shop.example.com/');
      document.cookie = `millrace=${'x'.repeat(70)}<; nomillrace=abc`;
      startTracker(site, [defaults, cookie('example.com')] as TrackerModule[]).track('liked_item');
      await browser.clock.advance(1000);
      expect(sent()[0].visitor_id).toMatch(/^[a-z0-9]{20}$/);
    });
  });

  describe('a clock that is wrong', () => {
    /** The server's clock: ahead of ours by so much. */
    let ahead: number;
    /** When the server takes each event to have been, by its own clock. */
    let times: number[];
    const online = ({ url, lines, at }: Sent) => {
      const time = at + ahead;
      const difference = time - Number(url.searchParams.get('sent_at'));
      times.push(...lines.map((line) => Date.parse(JSON.parse(line).event_time) + difference));
      return { status: 200, time };
    };
    beforeEach(() => {
      ahead = 0;
      times = [];
      browser.reply = online;
    });

    test('events are timed by the server’s clock, also when ours is set in the middle of a visit', async () => {
      const hour = 60 * minute;
      ahead = hour;
      const tracker = started(clockPart);
      const truth: number[] = [];
      const track = async () => {
        tracker.track('liked_item');
        truth.push(browser.clock.now + ahead);
        await browser.clock.advance(minute);
      };
      await track();
      await track();
      browser.clock.now += hour;
      ahead = 0;
      await track();
      await track();
      browser.clock.now -= hour;
      ahead = hour;
      await track();
      await track();
      expect(times).toHaveLength(6);
      for (const [index, time] of times.entries()) expect(Math.abs(time - truth[index]!)).toBeLessThan(2000);
      // A jump begins another stream, at the latest when an answer has told of it.
      const streams = sent().map(({ stream_id }) => stream_id);
      expect(streams[1]).toBe(streams[0]);
      expect(streams[3]).not.toBe(streams[1]);
      expect(streams[4]).not.toBe(streams[3]);
    });

    test('a clock that is set back begins another stream, because a stream is timed by one clock', async () => {
      const tracker = started(clockPart);
      tracker.track('liked_item', { item_id: '1' });
      await browser.clock.advance(10);
      tracker.track('liked_item', { item_id: '2' });
      browser.clock.now -= 60 * minute;
      tracker.track('liked_item', { item_id: '3' });
      await browser.clock.advance(2 * 60 * minute);
      const [first, second, third] = sent().toSorted((a, b) => (a.item_id < b.item_id ? -1 : 1));
      expect(second).toMatchObject({ stream_id: first.stream_id, seq: 1 });
      expect(third.stream_id).not.toBe(first.stream_id);
      expect(sent()).toHaveLength(3);
    });

    test('what another tab learns does not change by which clock this page’s events were timed', async () => {
      const hour = 60 * minute;
      ahead = hour;
      const tracker = started(clockPart);
      tracker.track('liked_item');
      await browser.clock.advance(1000);
      browser.reply = () => ({ status: 503, retryAfter: '600' });
      tracker.track('liked_item');
      await browser.clock.advance(1000);
      browser.clock.now += hour;
      ahead = 0;
      browser.disk.storage.setItem('millrace.demo.c', '0');
      times = [];
      browser.reply = online;
      tracker.track('liked_item');
      await browser.clock.advance(20 * minute);
      expect(Math.abs(times[0]! - (start + 1000 + hour))).toBeLessThan(2000);
    });

    test('events of a page before that were timed by the old clock are sent by the old clock', async () => {
      const hour = 60 * minute;
      ahead = hour;
      const page = browser.open();
      const tracker = startTracker(site, [defaults, clockPart, pageExit] as TrackerModule[]);
      tracker.track('liked_item');
      await browser.clock.advance(1000);
      browser.reply = () => 'never';
      tracker.track('liked_item');
      await browser.clock.advance(100);
      page.leave();
      await browser.clock.advance(100);
      // The clock is put right, and another tab has learnt it.
      browser.clock.now += hour;
      ahead = 0;
      browser.disk.storage.setItem('millrace.demo.c', '0');
      times = [];
      browser.reply = online;
      started(clockPart);
      await browser.clock.advance(minute);
      expect(times).toHaveLength(1);
      expect(Math.abs(times[0]! - (start + 1000 + hour))).toBeLessThan(2000);
    });
  });
});

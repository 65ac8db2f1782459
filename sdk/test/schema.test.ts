import { describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import {
  checkEvent,
  defaultCatalogue,
  defineCatalogue,
  eventJsonSchema,
  eventSchema,
  lakeColumns,
  ledgerRowSchema,
  limits,
  partitionCount,
  quarantinedEventSchema,
  storedEventSchema,
} from '../src/schema/index.js';

const event = someEvent({ sdk: 'millrace-js/0.1.0' });

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

/** `{"__proto__": …}` with the key as its own, as JSON.parse makes it, and more in it than properties may hold. */
const hiding = JSON.parse(`{"__proto__":${JSON.stringify(nested(9))}}`) as object;

describe('the event schema', () => {
  test('takes an event with only what is required, and one with everything', () => {
    expect(checkEvent(event)).toEqual({ event });
    const full = {
      ...event,
      after_stream_id: 't0',
      after_seq: 12,
      user_id: 'u1',
      url: 'https://shop.example/books',
      referrer: '',
      title: 'Books',
      item_id: '51',
      item_name: 'Moby Dick',
      item_quantity: 2,
      item_price: 12.5,
      currency: 'EUR',
      order_id: 'o1',
      properties: { a: { b: [1] } },
    };
    expect(checkEvent(full)).toEqual({ event: full });
  });

  test.each([
    ['a missing field', { seq: undefined }, '/seq', /expected number/],
    ['an empty name', { page: '' }, '/page', /1 character/],
    ['a system that is not a slug', { os: 'Mac OS' }, '/os', /slug/],
    ['a time without milliseconds', { event_time: '2026-11-23T08:00:00Z' }, '/event_time', /milliseconds/],
    ['a day that does not exist', { event_time: '2026-02-30T08:00:00.000Z' }, '/event_time', /UTC time/],
    ['a time that is not UTC', { event_time: '2026-11-23T08:00:00.000+01:00' }, '/event_time', /UTC time/],
    ['another kind of UUID', { event_id: '01938d2e-7c1a-4000-8000-0123456789ab' }, '/event_id', /UUIDv7/],
    ['a negative position', { seq: -1 }, '/seq', /./],
    ['a broken position', { seq: 1.5 }, '/seq', /./],
    ["a position beyond a stream's end", { seq: 10_000_000 }, '/seq', /at most 9999999: then begin another stream/],
    ['the largest number that is exact', { seq: 2 ** 53 - 1 }, '/seq', /at most 9999999/],
    ['a position that is no number for JSON', { seq: Number.POSITIVE_INFINITY }, '/seq', /./],
    ['a stream before that never ends', { after_stream_id: 't', after_seq: 1e15 }, '/after_seq', /at most 9999999/],
    ['a number past 2^53', { after_stream_id: 't', after_seq: 1e300 }, '/after_seq', /at most 9999999/],
    ['a price that is read as infinite', { item_price: JSON.parse('1E400') }, '/item_price', /./],
    ['such a property', { properties: { a: JSON.parse('-1e999') } }, '/properties', /1E400/],
    ['a deeper one', { properties: { a: { b: [1, JSON.parse(`1${'0'.repeat(400)}`)] } } }, '/properties', /1E400/],
    ['an unknown field', { colour: 'red' }, '/colour', /properties/],
    ["the server's fields", { received_at: '2026-11-23T08:00:00.000Z' }, '/received_at', /properties/],
    ['half of a link to the stream before', { after_stream_id: 't0' }, '/after_seq', /together/],
    ['a currency in lower case', { currency: 'eur' }, '/currency', /ISO 4217/],
    ['text that is too long', { url: 'x'.repeat(2049) }, '/url', /2048/],
    [
      'properties with too many keys',
      { properties: Object.fromEntries([...Array(33)].map((_, i) => [i, 1])) },
      '/properties',
      /33 keys/,
    ],
    ['properties nested too deep', { properties: nested(4) }, '/properties', /nested deeper than 3/],
    ['properties with too many bytes', { properties: { a: 'ä'.repeat(2048) } }, '/properties', /4104 bytes/],
    ['a key that a copy would lose', { properties: hiding }, '/properties/__proto__', /not a name/],
    [
      'the same beside other faults',
      { properties: { ...(nested(9) as object), ...hiding } },
      '/properties/__proto__',
      /not a name/,
    ],
    ['an array for properties', { properties: [1] }, '/properties', /./],
  ])('refuses %s and names the place', (_, change, path, message) => {
    const { refusal } = checkEvent({ ...event, ...change });
    expect(refusal?.path).toBe(path);
    expect(refusal?.message).toMatch(message);
  });

  test("takes a stream's last positions, and the largest numbers there are", () => {
    const last = { seq: 9_999_999, after_stream_id: 't0', after_seq: 9_999_999 };
    expect(checkEvent({ ...event, ...last, properties: { a: [1.7e308, -1.7e308] } }).refusal).toBeUndefined();
  });

  test.each([[null], ['text'], [7], [[]]])('refuses %j, which is no event', (value) => {
    expect(checkEvent(value).refusal?.path).toBe('');
  });

  test('keeps properties 3 levels deep', () => {
    expect(checkEvent({ ...event, properties: nested(3) }).refusal).toBeUndefined();
  });
});

describe('one definition: what is made from the schema', () => {
  test('every field of an event is a column of the lake, once, and no column is invented', () => {
    const names = lakeColumns().map((column) => column.name);
    const fields = new Set(
      [storedEventSchema, quarantinedEventSchema, ledgerRowSchema].flatMap(({ shape }) => Object.keys(shape)),
    );
    expect(new Set(names)).toEqual(fields);
    expect(names).toHaveLength(fields.size);
  });

  test('columns have the types that Athena and DuckDB need, and say what they are', () => {
    const column = Object.fromEntries(lakeColumns().map((entry) => [entry.name, entry]));
    expect(column.seq).toMatchObject({ glue: 'bigint', duckdb: 'BIGINT' });
    expect(column.item_price).toMatchObject({ glue: 'double', duckdb: 'DOUBLE' });
    expect(column.event_time).toMatchObject({ glue: 'string', duckdb: 'TIMESTAMP' });
    expect(column.properties).toMatchObject({ glue: 'string', duckdb: 'JSON' });
    expect(column.raw).toMatchObject({ glue: 'string', duckdb: 'VARCHAR' });
    for (const { name, description } of lakeColumns()) expect(`${name}: ${description}`).toMatch(/: ./);
  });

  test('the JSON Schema has the same fields, closed, with the same ones required', () => {
    const schema = eventJsonSchema() as { properties: object; required: string[]; additionalProperties: boolean };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(eventSchema.shape));
    expect(schema.required).toEqual(
      Object.keys(event).sort((a, b) => schema.required.indexOf(a) - schema.required.indexOf(b)),
    );
    expect(schema.additionalProperties).toBe(false);
  });
});

describe('the catalogue', () => {
  test("the default one is the walkthrough's five pages and six events, and what every catalogue has", () => {
    expect(defaultCatalogue.pages).toEqual(['books', 'food', 'apparel', 'electronics', 'home', 'cart']);
    expect(defaultCatalogue.events).toHaveLength(7);
    expect(defaultCatalogue.events).toContain('page_view');
    expect(partitionCount(defaultCatalogue)).toBe(7 * 8 + 3 + 1);
  });

  test('bounded partitions: a catalogue that could pass 450 pairs is refused, with the count', () => {
    const names = (letter: string, n: number) => [...Array(n)].map((_, i) => `${letter}${i}`);
    expect(() => defineCatalogue({ pages: names('p', 30), events: names('e', 20) })).toThrow(
      /can fill 708 partitions; the limit is 450/,
    );
    const largest = defineCatalogue({ pages: names('p', 19), events: names('e', 19) });
    expect(partitionCount(largest)).toBeLessThanOrEqual(limits.cataloguePartitions);
  });

  test('a name that is not a slug is refused, with the name and the place', () => {
    expect(() => defineCatalogue({ pages: ['Books'], events: [] })).toThrow('catalogue.pages: "Books" is not a slug');
  });
});

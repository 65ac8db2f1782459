import { gzipSync } from 'node:zlib';
import { uuidV7 } from '@millrace/kit/uuid';
import { someEvent } from './events.js';

/** A request as an enemy, a broken client or a bad line would send it. */
export interface HostileRequest {
  query: string;
  headers: Record<string, string>;
  body: Buffer;
}

const { imul } = Math;

/** mulberry32: the same seed gives the same requests. */
export function createRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = imul(state ^ (state >>> 15), 1 | state);
    t = (t + imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const below = (count: number) => (next() * count) | 0;
  return {
    next,
    below,
    pick: <T>(list: readonly T[]): T => list[below(list.length)]!,
    chance: (p: number) => next() < p,
  };
}
type Random = ReturnType<typeof createRandom>;

const names = [
  ...Object.keys(someEvent()),
  'after_stream_id',
  'after_seq',
  'user_id',
  'url',
  'referrer',
  'title',
  'item_id',
  'item_quantity',
  'item_price',
  'currency',
  'properties',
  'received_at',
  'occurred_at',
  'page_as_sent',
  'reason',
  'raw',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
];
/** JSON texts, not values: what JSON.stringify would never write is what matters. */
const texts = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.0',
  '1e0',
  '1E+2',
  '1e309',
  '-1e309',
  '1e-400',
  '9007199254740993',
  '123456789012345678901234567890',
  '0.1',
  '12.50',
  '5e-2',
  '100',
  '""',
  '"a"',
  '"_other"',
  '"_quarantine"',
  '"garden"',
  '"books"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\u0000"',
  '"\\\\ud800"',
  '"ß"',
  '"😀"',
  '"\u2028"',
  '"\ufeff"',
  '"\u007f"',
  '"../../etc"',
  '"page=books/"',
  '"{\\"a\\":1}"',
  '"2026-02-29T00:00:00.000Z"',
  '"0000-01-01T00:00:00.000Z"',
  '"9999-12-31T23:59:59.999Z"',
  '"EUR"',
  '[]',
  '{}',
  '[[[[[[]]]]]]',
  '{"a":{"b":{"c":{"d":1}}}}',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"a":1,"a":2}',
  '{"k":{"__proto__":{"polluted":1}}}',
  '{"toJSON":1}',
  '{"":""}',
  '{"received_at":"x"}',
  'undefined',
  'NaN',
  "'a'",
  '01',
  '1.',
  '.5',
  '+1',
  '"\t"',
  '"\\x"',
  '"unfinished',
  '{',
  ']',
  '/**/1',
  '﻿1',
];
const large = ['x'.repeat(65), 'x'.repeat(300), 'ß'.repeat(2_100), '\u0001'.repeat(900), 'x'.repeat(17_000)].map(
  (text) => JSON.stringify(text),
);
const deep = [10, 1_000, 8_000].flatMap((depth) => [
  '['.repeat(depth) + ']'.repeat(depth),
  `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
  '['.repeat(depth),
]);

/** One request in so many is too large: each kind of them comes in 1,500 requests of any seed. */
const tooLargeEvery = 300;
const tooLarge: HostileRequest[] = [
  { query: 'key=demo', body: Buffer.from('{}\n'.repeat(501)) },
  { query: 'key=demo', body: Buffer.alloc(1_100_000, '{"a":1}\n') },
  { query: 'key=demo&encoding=gzip', body: gzipSync(Buffer.alloc(5_000_000, ' ')) },
  { query: 'key=demo&encoding=delta', body: Buffer.from(`"${'x'.repeat(10_000)}"${'\n""'.repeat(1000)}`) },
].map((one) => ({ ...one, headers: { 'content-type': 'text/plain' } }));

function lineOf(random: Random): string {
  const event = someEvent({
    event_id: uuidV7(1_795_000_000_000 + random.below(1e9)),
    seq: random.below(1e6),
    visitor_id: `v${random.below(20)}`,
  });
  const members = Object.entries(event).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const changes = random.pick([0, 0, 1, 1, 2, 5]);
  for (let i = 0; i < changes; i++) {
    const text = random.chance(0.9) ? random.pick(texts) : random.pick(random.chance(0.5) ? large : deep);
    const member = `${JSON.stringify(random.pick(names))}${random.pick([':', ' : ', ':\t'])}${text}`;
    const at = random.below(members.length + 1);
    members.splice(at, random.pick([0, 1]), member);
  }
  if (random.chance(0.05)) members.splice(random.below(members.length), 3);
  const space = random.pick(['', '', '', ' ', '\t', '\r']);
  const line = `${space}{${members.join(`${space},`)}}${space}`;
  if (random.chance(0.03)) return line.slice(0, random.below(line.length));
  if (random.chance(0.03)) return line + random.pick(texts);
  return random.chance(0.03) ? random.pick([...texts, ...deep]) : line;
}

function bodyOf(random: Random, type: string): Buffer {
  if (random.chance(0.1)) return Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
  const lines = Array.from({ length: random.pick([0, 1, 1, 2, 3, 10]) }, () => lineOf(random));
  const mark = random.chance(0.03) ? '\ufeff' : '';
  const isJson = type === 'application/json' ? random.chance(0.9) : random.chance(0.1);
  const text = isJson
    ? random.pick([
        `[${lines.join(',')}]`,
        `{"events":[${lines.join(' , ')}]}`,
        lines[0] ?? '',
        `{"events":1,"events":[${lines.join()}],"a":"]"}`,
      ])
    : lines.join(random.pick(['\n', '\n', '\r\n', '\n\n', '\r']));
  const body = Buffer.from(mark + text);
  // Bytes that fall over on the way.
  for (let flips = random.pick([0, 0, 0, 0, 1, 3]); flips > 0 && body.length > 0; flips--)
    body[random.below(body.length)] = random.below(256);
  return body;
}

/** @param at the request's number, from 0 */
export function hostileRequest(random: Random, at: number): HostileRequest {
  if (at % tooLargeEvery === 0) return tooLarge[(at / tooLargeEvery) % tooLarge.length]!;
  const type = random.pick([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-ndjson',
    'application/json',
    'application/json',
    'text/html',
    '',
  ]);
  let body = bodyOf(random, type);
  let query = random.chance(0.97)
    ? 'key=demo'
    : random.pick(['', 'key=', 'key=no', 'key=demo&key=demo', 'key[]=demo', 'key=%00', '__proto__=1']);
  query += random.pick([
    '',
    '',
    `&sent_at=${random.pick(['0', '1795000000000', '999999999999999', '1e3', '-1', 'x', '%F0'])}`,
  ]);
  query += random.pick([
    '',
    '',
    `&batch=${random.pick(['a', '__proto__', '%E0%A4%A', 'x'.repeat(129), '', '%00', random.below(50).toString()])}`,
  ]);
  if (random.chance(0.1)) {
    // A proxy has stripped the query.
    const envelope = random.pick([
      '{"key":"demo"}',
      '{"key":"demo","batch":"e","sent_at":1}',
      '{"key":"no"}',
      '{"key":1}',
    ]);
    body = Buffer.concat([Buffer.from(`${random.pick(['', '\ufeff', ' \r\n'])}${envelope}\n`), body]);
    query = random.pick(['', 'key=no', 'key=demo', 'encoding=delta', 'batch=e']);
    if (random.chance(0.3)) body = gzipSync(body, { level: 1 });
    if (random.chance(0.1)) body = Buffer.from(body.toString());
  } else if (random.chance(0.15)) {
    query += '&encoding=gzip';
    const kind = random.below(5);
    if (kind > 0) body = gzipSync(body, { level: 1 });
    if (kind === 1) body = body.subarray(0, random.below(body.length));
    if (kind === 2) body[random.below(body.length)]! ^= 1 << random.below(8);
    if (kind === 3) body = Buffer.concat([body, body]);
  } else if (random.chance(0.12)) query += '&encoding=delta';
  else if (random.chance(0.03)) query += `&encoding=${random.pick(['br', 'GZIP', '', 'gzip&encoding=gzip'])}`;
  const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
  if (random.chance(0.05))
    headers.origin = random.pick(['http://shop.example', 'http://evil.example', 'null', 'x'.repeat(300)]);
  return { query, headers, body };
}

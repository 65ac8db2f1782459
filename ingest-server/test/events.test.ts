import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '@millrace/kit/clock';
import { limits, quarantinedEventSchema, type StoredEvent, storedEventSchema } from '@millrace/sdk/schema';
import { eventually } from '@millrace/testing/eventually';
import type { FastifyInstance } from 'fastify';
import request from 'supertest';
import { parseOrigins } from '../src/core/admission/origins.js';
import { parseWriteKeys, siteOf } from '../src/core/admission/write-keys.js';
import { SinkError } from '../src/core/delivery/sink.js';
import type { RejectedEvent } from '../src/core/intake/rejection.js';
import { cleanUp, testApp } from './support/app.js';
import { eventsIn, jsonLines, someEvent } from './support/events.js';
import { createMemorySink } from './support/memory-sink.js';
import { createMemorySpool } from './support/memory-spool.js';
import { keptAndPlaces, samplesOf, sum } from './support/samples.js';

afterEach(cleanUp);

const url = '/v1/events?key=demo';

/** Until nothing is on its way to the stream, nor in the spool. */
const idle = (app: FastifyInstance) =>
  eventually('nothing to be on its way', async () => {
    const { text } = await request(app.server).get('/metrics');
    return ['queued_events 0', 'spool_events 0'].every((figure) => text.includes(`millrace_${figure}\n`));
  });

describe('POST /v1/events', () => {
  test('JSON Lines as text/plain are accepted, stamped and put, and the answer has the server clock', async () => {
    const { app, records } = await testApp();
    const events = [0, 1, 2].map((seq) => someEvent({ seq, properties: { colour: 'red' } }));
    const before = Date.now();
    const answer = await request(app.server).post(url).type('text/plain').send(jsonLines(events)).expect(200);
    expect(answer.body).toEqual({ time: expect.any(Number), accepted: 3, duplicates: 0, rejected: [] });
    expect(answer.body.time).toBeGreaterThanOrEqual(before);
    const put = eventsIn(records);
    expect(put.map(({ received_at, ...rest }) => rest)).toEqual(
      events.map((event) => ({ ...event, site: 'shop', is_bot: false })),
    );
    for (const event of put) {
      expect(storedEventSchema.safeParse(event).success).toBe(true);
      expect(event.occurred_at).toBeUndefined();
    }
  });

  test.each([
    ['one event', (e: object[]) => JSON.stringify(e[0]), 1],
    ['an array', (e: object[]) => JSON.stringify(e, null, 2), 2],
    ['{"events":[…]}', (e: object[]) => JSON.stringify({ sent: 'x', events: e }), 2],
  ])('application/json takes %s', async (_, body, accepted) => {
    const { app, records } = await testApp();
    const events = [someEvent(), someEvent({ title: 'a "quoted" ] } , title' })];
    const answer = await request(app.server).post(url).type('application/json').send(body(events)).expect(200);
    expect(answer.body).toMatchObject({ accepted, rejected: [] });
    expect(eventsIn(records).map(({ title }) => title)).toEqual(events.slice(0, accepted).map(({ title }) => title));
  });

  test('a retry repeats `batch`: it is acknowledged like the first time and not stored again', async () => {
    const { app, records } = await testApp();
    const body = jsonLines([someEvent(), someEvent({ item_quantity: -1 })]);
    const send = (text: string, batch: string) =>
      request(app.server).post(`${url}&batch=${batch}&sent_at=${Date.now()}`).type('text/plain').send(text).expect(200);
    const [first, meanwhile] = await Promise.all([send(body, 'b1'), send(body, 'b1')]);
    const later = await send(body, 'b1');
    for (const { body: answer } of [first, meanwhile, later]) {
      expect(answer).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'invalid_event' }] });
    }
    expect(eventsIn(records)).toHaveLength(2);
    const metrics = await request(app.server).get('/metrics');
    expect(metrics.text).toMatch(/^millrace_events_received_total 6$/m);
    expect(metrics.text).toMatch(/^millrace_events_duplicates_total 4$/m);
    // Another body under the same id is another batch: nothing of it is passed over.
    await send(jsonLines([someEvent()]), 'b1');
    await send(jsonLines([someEvent()]), 'b2');
    expect(eventsIn(records)).toHaveLength(4);
  });

  test('an empty request asks whether a batch is safe: only what was acknowledged under this key and name is known', async () => {
    const { app, records } = await testApp();
    const post = (batch: string, text: string, more = '') =>
      request(app.server).post(`${url}&batch=${batch}${more}`).type('text/plain').send(text);
    const ask = async (batch: string, more = '') => (await post(batch, '', more).expect(200)).body;
    expect(await ask('b1')).toEqual({ time: expect.any(Number), batch: 'b1', known: false });
    const [, asked] = await Promise.all([post('b1', jsonLines([someEvent()])).expect(200), ask('b1')]);
    expect(typeof asked.known).toBe('boolean');
    expect([await ask('b1'), await ask('b1', '&encoding=gzip'), await ask('b2')]).toMatchObject([
      { known: true },
      { known: true },
      { known: false },
    ]);
    expect(eventsIn(records)).toHaveLength(1);
    // Without a batch it is what it was: a mistake.
    await request(app.server).post(url).type('text/plain').send('').expect(400);
  });

  test('the answer names the batch and accounts for every line: accepted, duplicates and rejected add up to what was sent', async () => {
    const { app } = await testApp();
    const [first, second, third] = [someEvent(), someEvent(), someEvent({ item_quantity: -1 })];
    const send = async (batch: string, ...lines: (object | string)[]) => {
      const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
      return (await request(app.server).post(`${url}&batch=${batch}`).type('text/plain').send(text).expect(200)).body;
    };
    const cases = [
      { batch: 's.0.0', lines: [first], accepted: 1, duplicates: 0, rejected: 0 },
      { batch: 's.0.4', lines: [first, second, second, third, 'no JSON'], accepted: 1, duplicates: 2, rejected: 2 },
      { batch: 's.1.1', lines: [second], accepted: 0, duplicates: 1, rejected: 0 },
      // As the first time, though nothing of it is stored again.
      { batch: 's.0.0', lines: [first], accepted: 1, duplicates: 0, rejected: 0 },
    ];
    for (const { batch, lines, rejected, ...rest } of cases) {
      const answer = await send(batch, ...lines);
      expect(answer).toMatchObject({ batch, ...rest });
      expect(answer.rejected).toHaveLength(rejected);
      expect(answer.accepted + answer.duplicates + answer.rejected.length).toBe(lines.length);
    }
  });

  test('a refusal names the batch too, so that a sender tells ours from that of a firewall', async () => {
    const { app } = await testApp({ origins: parseOrigins('https://shop.example') });
    const send = (query: string, headers: Record<string, string> = {}, body = jsonLines([someEvent()])) =>
      request(app.server)
        .post(`/v1/events?${query}`)
        .set({ 'content-type': 'text/plain', ...headers })
        .send(body);
    const refused = [
      await send('key=nobody&batch=s.0.0'),
      await send('batch=s.0.0'),
      await send('key=demo&batch=s.0.0', { origin: 'https://elsewhere.example' }),
      await send('key=demo&batch=s.0.0&encoding=gzip', {}, 'no gzip'),
      await send('key=demo&batch=s.0.0', { 'content-encoding': 'zstd' }),
      await send('key=demo&batch=s.0.0', {}, '\n'.repeat(limits.batchBytes + 1)),
    ];
    expect(refused.map(({ status, body }) => [status, body.batch, typeof body.error.code])).toEqual(
      [401, 401, 403, 400, 415, 413].map((status) => [status, 's.0.0', 'string']),
    );
    // What cannot be an id is not repeated to its sender.
    for (const batch of ['', '&batch=', '&batch=a&batch=b', `&batch=${'x'.repeat(129)}`])
      expect((await send(`key=nobody${batch}`)).body).toEqual({ error: expect.anything() });
  });

  test('the same bytes sent again, to be read another way, are another batch: no answer to the wrong reading stands for the right one', async () => {
    const { app, records } = await testApp();
    const events = [someEvent(), someEvent()];
    const send = (type: string) =>
      request(app.server).post(`${url}&batch=b1`).type(type).send(JSON.stringify(events)).expect(200);
    expect((await send('text/plain')).body).toMatchObject({ accepted: 0, rejected: [{ code: 'invalid_json' }] });
    expect((await send('application/json')).body).toMatchObject({ accepted: 2, rejected: [] });
    expect(eventsIn(records).filter(({ page }) => page !== '_quarantine')).toHaveLength(2);
    const zipped = gzipSync(jsonLines(events));
    const sendZipped = (query: string) =>
      request(app.server).post(`${url}&batch=b2${query}`).type('text/plain').send(zipped).expect(200);
    expect((await sendZipped('')).body).toMatchObject({ accepted: 0 });
    expect((await sendZipped('&encoding=gzip')).body).toMatchObject({ accepted: 0, duplicates: 2, rejected: [] });
  });

  test('the same lines under the same `batch` are one batch, however they are packed: a left page sends text, the next one gzip', async () => {
    const { app, records } = await testApp();
    const events = [someEvent(), someEvent({ title: 'Ünïcode', item_quantity: -1 })];
    const text = jsonLines(events);
    const packed: [query: string, type: string, body: string | Buffer][] = [
      ['', 'text/plain', text],
      ['&encoding=gzip', 'text/plain', gzipSync(text)],
      ['&encoding=gzip', 'application/x-ndjson', gzipSync(text, { level: 1 })],
      ['', 'application/json', `[${events.map((event) => JSON.stringify(event)).join(' ,\n')}]`],
      ['', 'text/plain;charset=UTF-8', text.replaceAll('\n', '\r\n')],
    ];
    for (const [query, type, body] of packed) {
      const answer = await request(app.server)
        .post(`${url}&batch=left-page${query}`)
        .set('content-type', type)
        .send(body as string)
        .expect(200);
      expect(answer.body).toMatchObject({ accepted: 1, rejected: [{ index: 1, path: '/item_quantity' }] });
    }
    expect(eventsIn(records)).toHaveLength(2);
    const metrics = await request(app.server).get('/metrics');
    expect(metrics.text).toMatch(/^millrace_events_duplicates_total 8$/m);
  });

  test('lines that are cut elsewhere are another batch, although their letters are the same', async () => {
    const { app } = await testApp();
    const send = (body: string) =>
      request(app.server).post(`${url}&batch=b1`).type('text/plain').send(body).expect(200);
    expect((await send('{}\n{}{}')).body.rejected).toHaveLength(2);
    expect((await send('{}{}\n{}')).body.rejected[0].message).toContain('is not JSON');
  });

  test('an event that is safe is acknowledged again and not stored again, whatever batch it comes in', async () => {
    const { app, records } = await testApp();
    const [first, second, third] = [someEvent(), someEvent(), someEvent({ page: 'garden' })];
    const send = (events: object[], key = 'demo') =>
      request(app.server).post(`/v1/events?key=${key}`).type('text/plain').send(jsonLines(events)).expect(200);
    await send([first]);
    const answer = await send([first, second, second, third, { nonsense: 1 }, first]);
    expect(answer.body).toMatchObject({
      accepted: 2,
      duplicates: 3,
      rejected: [{ index: 4 }],
      warnings: [{ events: 1 }],
    });
    await send([first, second, third]);
    // Another site's events are its own.
    await send([first], 'second');
    const stored = eventsIn(records).filter(({ page }) => page !== '_quarantine');
    expect(stored.map(({ event_id }) => event_id).sort()).toEqual(
      [first, first, second, third].map((one) => one.event_id).sort(),
    );
    const { text } = await request(app.server).get('/metrics');
    expect(text).toMatch(/^millrace_events_received_total 11$/m);
    expect(text).toMatch(/^millrace_events_accepted_total 4$/m);
    expect(text).toMatch(/^millrace_events_rejected_total\{code="invalid_event"\} 1$/m);
    expect(text).toMatch(/^millrace_events_duplicates_total 6$/m);
  });

  test('an event with the id of another is stored: neither hides the other, in one batch or in two, and all are counted', async () => {
    const { app, records } = await testApp();
    const victim = someEvent({ stream_id: 'ström', seq: 4 });
    const send = async (events: object[]) =>
      (await request(app.server).post(url).type('text/plain').send(jsonLines(events)).expect(200)).body;
    const taken = [
      await send([{ ...victim, stream_id: 'x', seq: 0 }]),
      await send([{ ...victim, seq: 5 }, victim, { ...victim, properties: { the: 'same event' } }]),
      await send([victim, { ...victim, visitor_id: 'other', stream_id: 'y' }]),
    ];
    expect(taken.map(({ accepted, duplicates }) => [accepted, duplicates])).toEqual([
      [1, 0],
      [2, 1],
      [1, 1],
    ]);
    const stored = eventsIn(records).map(({ stream_id, seq }) => `${stream_id} ${seq}`);
    expect(stored.sort()).toEqual(['ström 4', 'ström 5', 'x 0', 'y 4']);
  });

  test('an event whose first request failed, or is still under way, is stored by the second', async () => {
    const sink = createMemorySink();
    const spool = createMemorySpool(systemClock, { refuses: () => true });
    let isDown = true;
    const { put } = sink;
    sink.put = async (records) => {
      if (isDown) throw new SinkError('unreachable', 'ECONNREFUSED', 'nobody there');
      return put(records);
    };
    const { app } = await testApp({ ackTimeoutMs: 50 }, { sink, spool });
    const event = someEvent();
    const send = () =>
      request(app.server)
        .post(url)
        .type('text/plain')
        .send(jsonLines([event]));
    const refused = await Promise.all([send(), send()]);
    expect(refused.map(({ status }) => status)).toEqual([503, 503]);
    isDown = false;
    await eventually('an answer of 200', async () => (await send()).status === 200);
    // What was refused may have been on its way all the same.
    await idle(app);
    const before = sink.records.length;
    expect(eventsIn(sink.records).map(({ event_id }) => event_id)).toContain(event.event_id);
    expect((await send().expect(200)).body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(sink.records).toHaveLength(before);
  });

  test('`batch` is any text of at most 128 characters; a longer one is refused, an empty one is none', async () => {
    const { app, records } = await testApp();
    const send = (batch: string) =>
      request(app.server)
        .post(`${url}&batch=${encodeURIComponent(batch)}`)
        .type('text/plain')
        .send('not JSON');
    for (const batch of ['ß/?&= "', 'x'.repeat(128)]) {
      await send(batch).expect(200);
      await send(batch).expect(200);
    }
    expect(eventsIn(records)).toHaveLength(2);
    await send('').expect(200);
    await send('').expect(200);
    expect(eventsIn(records)).toHaveLength(4);
    const refused = await send('x'.repeat(129)).expect(400);
    expect(refused.body.error).toMatchObject({ code: 'unreadable', message: expect.stringContaining('128') });
  });

  test('one bad event never costs the good ones beside it; it is kept in quarantine, as it was sent', async () => {
    const { app, records } = await testApp();
    const bad = someEvent({ item_quantity: -1 });
    const lines = [
      JSON.stringify(someEvent()),
      '',
      '{"half":',
      JSON.stringify(bad),
      '[1]',
      JSON.stringify(someEvent()),
    ];
    const answer = await request(app.server)
      .post(url)
      .type('application/x-ndjson')
      .send(lines.join('\r\n'))
      .expect(200);
    expect(answer.body.accepted).toBe(2);
    expect(answer.body.rejected).toEqual([
      { index: 1, code: 'invalid_json', path: '', message: expect.stringContaining('JSON') },
      {
        index: 2,
        event_id: bad.event_id,
        code: 'invalid_event',
        path: '/item_quantity',
        message: expect.any(String),
      },
      { index: 3, code: 'invalid_json', path: '', message: 'is not a JSON object' },
    ]);
    const rows = eventsIn(records).filter(({ page }) => page === '_quarantine');
    expect(new Set(rows.map(({ event }) => event))).toEqual(new Set(['_invalid_json', '_invalid_event']));
    expect(new Set(rows.map(({ raw }) => raw))).toEqual(new Set(['{"half":', JSON.stringify(bad), '[1]']));
    for (const row of rows) expect(quarantinedEventSchema.safeParse(row).error).toBeUndefined();
    expect(rows.find(({ raw }) => raw === JSON.stringify(bad))).toMatchObject({
      event_id: bad.event_id,
      reason: expect.stringContaining('/item_quantity'),
    });
  });

  test('no client can set what the server sets', async () => {
    const { app, records } = await testApp();
    const fields = { received_at: '2026-11-23T08:00:00.000Z', page_as_sent: 'x', raw: 'x', site: 'x' };
    const events = Object.entries(fields).map(([name, value]) => someEvent({ [name]: value }));
    const answer = await request(app.server).post(url).type('text/plain').send(jsonLines(events)).expect(200);
    expect(answer.body.accepted).toBe(0);
    expect(answer.body.rejected.map((one: { path: string }) => one.path)).toEqual(
      Object.keys(fields).map((name) => `/${name}`),
    );
    expect(eventsIn(records).every(({ event }) => event === '_invalid_event')).toBe(true);
  });

  test.each([
    '購入',
    'Купить',
    'شراء',
    '👍',
    'Køb nu',
    'Liked Item',
    '_other',
    '_quarantine',
    'a/../b',
    'page=x/',
    '__proto__',
    ' ',
    'tab\tand \u0000',
    'half \ud800',
    'x'.repeat(49),
    'ß'.repeat(300),
  ])('no event is lost for its name, nor makes a partition by it: %s', async (name) => {
    const { app, records } = await testApp();
    const events = [
      someEvent({ event: name }),
      someEvent({ page: name, title: 'Größe' }),
      someEvent({ page: name, event: name }),
    ];
    const answer = await request(app.server).post(url).type('text/plain').send(jsonLines(events)).expect(200);
    expect(answer.body).toMatchObject({
      accepted: 3,
      rejected: [],
      warnings: [
        { code: 'undeclared_event', events: 2 },
        { code: 'undeclared_page', events: 2 },
      ],
    });
    const kept = [...name.slice(0, 200)].map((one) => (/[\p{Cc}\p{Cs}]/u.test(one) ? '\ufffd' : one)).join('');
    expect(eventsIn(records).map((row) => [row.page, row.page_as_sent, row.event, row.event_as_sent])).toEqual([
      ['books', undefined, '_other', kept],
      ['_other', kept, 'liked_item', undefined],
      ['_other', kept, '_other', kept],
    ]);
    for (const row of eventsIn(records)) expect(storedEventSchema.safeParse(row).error).toBeUndefined();
    for (const { message } of answer.body.warnings as { message: string }[]) expect(message).toContain(`"${kept}"`);
  });

  test('an undeclared page or event is accepted, filed under _other with its name kept, and mentioned', async () => {
    const { app, records } = await testApp();
    const events = [someEvent({ page: 'garden' }), someEvent({ page: 'garden', event: 'watered_plant' }), someEvent()];
    const answer = await request(app.server).post(url).type('text/plain').send(jsonLines(events)).expect(200);
    expect(answer.body).toMatchObject({
      accepted: 3,
      warnings: [
        { code: 'undeclared_page', name: 'garden', events: 2 },
        { code: 'undeclared_event', name: 'watered_plant', events: 1 },
      ],
    });
    const put = eventsIn(records);
    expect(put[1]).toMatchObject({
      page: '_other',
      page_as_sent: 'garden',
      event: '_other',
      event_as_sent: 'watered_plant',
    });
    expect(put[2]).toMatchObject({ page: 'books', event: 'liked_item' });
    expect(put.every((event) => storedEventSchema.safeParse(event).success)).toBe(true);
  });

  test('each event has the site of its key, and whether a bot sent it; the key and the user agent are not stored', async () => {
    const { app, records } = await testApp({ writeKeys: parseWriteKeys('shop=new-key,shop=old-key,blog=b,bare') });
    const browser =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1';
    const crawler = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
    for (const [key, agent, line] of [
      ['new-key', browser, someEvent()],
      ['old-key', crawler, someEvent({ page: 'garden' })],
      ['b', 'curl/8.5.0', someEvent({ title: 'é\u2028"' })],
      ['bare', undefined, someEvent()],
      ['b', 'HeadlessChrome/130 '.repeat(2_000).slice(0, 8_000), someEvent()],
      ['new-key', crawler, { wrong: true }],
    ] as const) {
      await app.inject({
        method: 'POST',
        url: `/v1/events?key=${key}`,
        headers: { 'content-type': 'text/plain', 'user-agent': agent ?? '' },
        payload: JSON.stringify(line),
      });
    }
    const stored = eventsIn(records);
    expect(stored.map(({ site, is_bot }) => [site, is_bot])).toEqual([
      ['shop', false],
      ['shop', true],
      ['blog', true],
      [siteOf('bare'), false],
      ['blog', true],
      ['shop', true],
    ]);
    for (const row of stored.slice(0, 5)) expect(storedEventSchema.safeParse(row).error).toBeUndefined();
    expect(quarantinedEventSchema.safeParse(stored[5]).error).toBeUndefined();
    const everything = records.map(({ data }) => data.toString()).join('');
    for (const secret of ['new-key', 'old-key', 'bare', 'Mozilla', 'Googlebot', 'curl']) {
      expect(everything).not.toContain(secret);
    }
  });

  test.each(['site', 'is_bot', 'clock_off'])('a page cannot set %s: it is no field of an event', async (name) => {
    const { app, records } = await testApp();
    const values = name === 'site' ? ['shop', 'other', null] : [true, false, null];
    const events = values.map((value) => someEvent({ [name]: value }));
    const answer = await request(app.server).post(url).type('text/plain').send(jsonLines(events)).expect(200);
    expect(answer.body.rejected.map(({ path }: { path: string }) => path)).toEqual(values.map(() => `/${name}`));
    expect(eventsIn(records).map(({ site }) => site)).toEqual(values.map(() => 'shop'));
  });

  test('occurred_at corrects the clock by what sent_at shows, and only then', async () => {
    const { app, records } = await testApp();
    const anHourSlow = Date.now() - 3_600_000;
    const event = () => someEvent({ event_time: new Date(anHourSlow - 5_000).toISOString() });
    for (const sentAt of [anHourSlow, 'yesterday', '-5', '999999999999999']) {
      await request(app.server)
        .post(`${url}&sent_at=${sentAt}`)
        .type('text/plain')
        .send(jsonLines([event()]))
        .expect(200);
    }
    const [corrected, ...others] = eventsIn(records);
    const occurred = Date.parse(corrected!.occurred_at as string);
    expect(occurred - Date.parse(corrected!.received_at as string)).toBe(-5_000);
    expect(others).toHaveLength(3);
    expect(corrected!.clock_off).toBeUndefined();
    // No clock is off by millennia.
    expect(others[2]).toMatchObject({ occurred_at: others[2]!.received_at, clock_off: true });
    expect(others.slice(0, 2).map(({ occurred_at }) => occurred_at)).toEqual([undefined, undefined]);
    for (const one of others) expect(storedEventSchema.safeParse(one).error).toBeUndefined();
  });

  test.each(['encoding', 'header'])('a gzipped body is read (%s)', async (way) => {
    const { app, records } = await testApp();
    const body = gzipSync(jsonLines([someEvent(), someEvent()]));
    const post = request(app.server)
      .post(way === 'encoding' ? `${url}&encoding=gzip` : url)
      .type('text/plain');
    if (way === 'header') post.set('content-encoding', 'gzip');
    const answer = await post.send(body as unknown as string).expect(200);
    expect(answer.body.accepted).toBe(2);
    expect(eventsIn(records)).toHaveLength(2);
  });

  test.each<[string, string, BufferEncoding | undefined, string]>([
    ['iso-8859-1', 'text/plain; charset=iso-8859-1', 'latin1', 'Größe für 5 £'],
    ['latin1 in JSON', 'application/json;charset="ISO-8859-1"', 'latin1', 'Größe'],
    ['UTF-16', 'text/plain;charset=utf-16le', 'utf16le', 'Größe 😀 書'],
    ['UTF-16 in letters of ASCII', 'text/plain;charset=UTF-16', 'utf16le', 'plain'],
    ['UTF-16 with a mark alone', 'text/plain', 'utf16le', '\ufeffGröße'],
    ['UTF-8 under the wrong label', 'text/plain; charset=iso-8859-1', 'utf8', 'Größe 😀'],
    ['UTF-8 by another name', 'text/plain; charset="utf8"; format=flowed', 'utf8', 'Größe 😀'],
    ['UTF-8 with a mark', 'text/plain', 'utf8', '\ufeffGröße'],
    ['ASCII', 'text/plain; charset=us-ascii', 'utf8', 'Size'],
  ])('a text in %s is stored as what it says', async (_, type, encoding, title) => {
    const { app, records } = await testApp();
    const mark = title.startsWith('\ufeff') ? '\ufeff' : '';
    const line = `${mark}${JSON.stringify(someEvent({ title: title.replace('\ufeff', '') }))}`;
    const answer = await app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': type },
      payload: Buffer.from(line, encoding),
    });
    expect(answer.json()).toMatchObject({ accepted: 1, rejected: [] });
    expect(eventsIn(records)[0]!.title).toBe(title.replace('\ufeff', ''));
  });

  test.each([
    ['text/plain; charset=utf-7', 415, 'unsupported_type'],
    ['text/plain; charset=utf-32', 415, 'unsupported_type'],
    ['application/json;charset=klingon', 415, 'unsupported_type'],
    ['text/plain; charset=shift_jis', 400, 'unreadable'],
    ['text/plain; charset=utf-16be', 400, 'unreadable'],
  ])('a text that %s does not decode is refused, not spoilt', async (type, status, code) => {
    const { app, records } = await testApp();
    const payload = Buffer.concat([Buffer.from(jsonLines([someEvent()])), Buffer.from([0xfc, 0xd8, 0x00, 0xd8, 0xff])]);
    const answer = await app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
    expect(answer.json().error.message).toContain('send UTF-8');
    expect(records).toEqual([]);
  });

  test('a body without what repeats is read, by the address only', async () => {
    const { app, records } = await testApp();
    const send = (where: string, body: string) => request(app.server).post(where).type('text/plain').send(body);
    const events = [someEvent({ title: '' }), someEvent(), someEvent({ title: '' })];
    const lines = jsonLines(events).trimEnd().split('\n');
    const delta = lines.map((line, index) => {
      const before = (lines[index - 1] ?? '').split('"');
      return line
        .split('"')
        .map((piece, place) => (piece === before[place] ? '' : piece || '\t'))
        .join('"');
    });
    expect((await send(`${url}&encoding=delta`, delta.join('\n')).expect(200)).body).toMatchObject({
      accepted: 3,
      rejected: [],
    });
    expect(eventsIn(records).map(({ event_id, title }) => [event_id, title])).toEqual(
      events.map(({ event_id, title }) => [event_id, title]),
    );
    await send(url, '{}').set('content-encoding', 'delta').expect(415);
  });

  test.each([3, 400])('a body of %i lines without what repeats may come zipped by a proxy, too', async (count) => {
    const { app, records } = await testApp();
    // Texts that repeat nothing, so that the larger one is unzipped by another thread.
    const events = Array.from({ length: count }, () => someEvent({ title: randomBytes(60).toString('base64') }));
    const lines = events.map((event) => JSON.stringify(event));
    const delta = [lines[0]!, ...lines.slice(1).map((line) => line.replace('"visitor-1"', '""'))].join('\n');
    const answer = await request(app.server)
      .post(`${url}&encoding=delta`)
      .type('text/plain')
      .set('content-encoding', 'gzip')
      .send(gzipSync(delta) as unknown as string)
      .expect(200);
    expect(answer.body).toMatchObject({ accepted: count, rejected: [] });
    expect(new Set(eventsIn(records).map(({ visitor_id }) => visitor_id))).toEqual(new Set(['visitor-1']));
  });

  test('a small body without what repeats that unfolds beyond the cap is refused', async () => {
    const { app } = await testApp();
    const bomb = `"${'x'.repeat(10_000)}"${'\n""'.repeat(1000)}`;
    const answer = await request(app.server).post(`${url}&encoding=delta`).type('text/plain').send(bomb);
    expect([answer.status, answer.body.error.code]).toEqual([413, 'inflates_too_much']);
  });

  test.each([100, 200_000])('a gzip bomb of %i KB stops at the cap', async (kilobytes) => {
    const { app } = await testApp();
    // One deflated piece again and again.
    const piece = Buffer.alloc(Math.max(kilobytes, 1_100), 0x20);
    const start = gzipSync(piece, { finishFlush: constants.Z_FULL_FLUSH });
    const more = deflateRawSync(piece, { finishFlush: constants.Z_FULL_FLUSH });
    const bomb = Buffer.concat([start, ...Array<Buffer>(999).fill(more)]);
    const answer = await request(app.server)
      .post(`${url}&encoding=gzip`)
      .type('text/plain')
      .send(bomb as unknown as string);
    expect(answer.status).toBe(413);
    expect(answer.body.error.code).toBe(bomb.length * 50 < 1_048_576 ? 'inflates_too_much' : 'too_large');
  });

  test('a body that becomes more than 50 times as large is refused, however it is packed; one of a tracker is far below', async () => {
    const { app, records } = await testApp();
    const send = (body: Buffer | string, more = '', coding = 'identity') =>
      request(app.server)
        .post(`${url}${more}`)
        .type('text/plain')
        .set('content-encoding', coding)
        .send(body as string);
    const million = Buffer.alloc(1_000_000, 'x');
    const kilobytes = Buffer.alloc(9_000, ' ');
    for (const answer of [
      await send(gzipSync(million)),
      await send(gzipSync(kilobytes), '&encoding=gzip'),
      await send(gzipSync(gzipSync(million))),
      await send(brotliCompressSync(million), '', 'br'),
      await send(deflateSync(kilobytes), '', 'deflate'),
      await send(`"${'x'.repeat(2_000)}"${'\n""'.repeat(400)}`, '&encoding=delta'),
      await send(`{"${'x'.repeat(2_000)}"${'\n""'.repeat(400)}`),
    ]) {
      expect([answer.status, answer.body.error.code]).toEqual([413, 'inflates_too_much']);
      expect(answer.body.error.message).toContain('send it unzipped');
    }
    expect(records).toEqual([]);
    const tracked = Array.from({ length: 500 }, (_, seq) => someEvent({ seq, title: 'The same page' }));
    await send(gzipSync(jsonLines(tracked))).expect(200);
  });

  test('quarantine keeps what was sent and 16 KiB at most, and counts the rest: nothing small becomes large there', async () => {
    const { app, records } = await testApp();
    const filler = randomBytes(1_000).toString('hex');
    for (const [lines, packed] of [
      [1, gzipSync(`${filler}${'x'.repeat(40_000)}`)],
      [500, gzipSync(Array.from({ length: 500 }, (_, i) => i.toString(36)).join('\n'))],
      [500, '1\n'.repeat(500)],
      [1, 'y'.repeat(60_000)],
    ] as const) {
      records.length = 0;
      const answer = await request(app.server)
        .post(url)
        .type('text/plain')
        .send(packed as string)
        .expect(200);
      expect(answer.body.rejected).toHaveLength(lines);
      const stored = () => records.reduce((sum, { data }) => sum + data.length, 0);
      // On a busy machine the answer may come from the spool.
      await eventually('what is kept', () => stored() > 10_000);
      await idle(app);
      expect(stored()).toBeLessThanOrEqual(packed.length + 16 * 1024);
    }
    const samples = samplesOf((await request(app.server).get('/metrics')).text);
    const { kept, places } = keptAndPlaces(samples);
    expect(kept).toBe(places);
    expect(sum(samples, 'millrace_events_unkept_total')).toBeGreaterThan(500);
  });

  test.each<[string, string, string, string | Buffer, number, string]>([
    ['no key', '/v1/events', 'text/plain', '{}', 401, 'missing_key'],
    ['a wrong key', '/v1/events?key=demo2', 'text/plain', '{}', 401, 'wrong_key'],
    ['two keys', '/v1/events?key=demo&key=demo', 'text/plain', '{}', 401, 'wrong_key'],
    ['a web page', url, 'text/html', '<p>', 415, 'unsupported_type'],
    ['an unknown encoding', `${url}&encoding=br`, 'text/plain', '{}', 415, 'unsupported_type'],
    ['no gzip', `${url}&encoding=gzip`, 'text/plain', 'no gzip', 400, 'unreadable'],
    ['half a gzip', `${url}&encoding=gzip`, 'text/plain', gzipSync('{}').subarray(0, 12), 400, 'unreadable'],
    ['more than 500 elements, however small', url, 'application/json', `[${'0,'.repeat(500_000)}0]`, 413, 'too_large'],
    ['more than 500 elements, and then no JSON', url, 'application/json', `[${'0,'.repeat(501)}x`, 413, 'too_large'],
    ['a megabyte of blank lines', url, 'text/plain', ' \n\r\n'.repeat(250_000), 400, 'unreadable'],
    ['half a JSON', url, 'application/json', '{"events":[', 400, 'unreadable'],
    ['JSON of another shape', url, 'application/json', '{"events":{}}', 400, 'unreadable'],
    ['a number', url, 'application/json', '7', 400, 'unreadable'],
    ['blank lines', url, 'text/plain', '\n \r\n', 400, 'unreadable'],
    ['501 events', url, 'text/plain', '{}\n'.repeat(501), 413, 'too_large'],
  ])('%s is refused with the code of the table', async (_, where, type, body, status, code) => {
    const { app, records } = await testApp();
    const answer = await request(app.server)
      .post(where)
      .set('content-type', type)
      .set('origin', 'http://shop.example')
      .send(body as string);
    expect({ status: answer.status, ...answer.body }).toEqual({
      status,
      error: { code, message: expect.stringMatching(/.{10}/) },
    });
    expect(answer.headers['access-control-allow-origin']).toBe('http://shop.example');
    expect(records).toEqual([]);
  });

  test('an empty POST is answered like blank lines', async () => {
    const { app } = await testApp();
    const answer = await request(app.server).post(url);
    expect({ status: answer.status, code: answer.body.error.code }).toEqual({ status: 400, code: 'unreadable' });
  });

  test('a body of 3 MB is read to its end and answered with 413 that a page of another origin can read', async () => {
    const { app } = await testApp();
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    // As a browser does it: the answer is looked at only when all is sent, and a reset before that is a network error.
    const answer = await new Promise<{ status: number | undefined; headers: object; body: string }>(
      (resolve, reject) => {
        const outgoing = httpRequest({
          port,
          path: url,
          method: 'POST',
          headers: { origin: 'http://shop.example', 'content-length': 3_000_000 },
        });
        outgoing.on('error', reject);
        outgoing.on('response', (incoming) => {
          let body = '';
          incoming.on('data', (part) => (body += part));
          incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, body }));
        });
        outgoing.end(randomBytes(1_500_000).toString('hex'));
      },
    );
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body).error.code).toBe('too_large');
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': 'http://shop.example' });
  });

  test('a line of more than 16 KiB is rejected and kept, cut where a record would not hold it', async () => {
    const { app, records } = await testApp();
    const big = JSON.stringify(someEvent({ title: 'x'.repeat(16_400) }));
    // Control characters grow sixfold in JSON: this one cannot be kept whole.
    const giant = '\u0001'.repeat(900_000);
    const answer = await request(app.server).post(url).type('text/plain').send(`${big}\n${giant}\n`).expect(200);
    expect(answer.body.rejected.map((one: { code: string }) => one.code)).toEqual([
      'event_too_large',
      'event_too_large',
    ]);
    const rows = eventsIn(records);
    expect(rows.find(({ raw }) => raw === big)).toBeDefined();
    const cut = rows.find(({ raw }) => raw !== big)!;
    const kept = (cut.raw as string).length;
    expect(kept).toBeGreaterThan(100_000);
    expect(giant.startsWith(cut.raw as string)).toBe(true);
    expect(cut.reason).toContain(`the first ${kept} of its 900000 bytes`);
    for (const { data } of records) expect(data.length).toBeLessThanOrEqual(1000 * 1024);
  });

  test('__proto__, duplicate keys, deep nesting, lone surrogates and broken UTF-8 neither pollute nor get lost', async () => {
    const { app, records } = await testApp();
    const base = () => JSON.stringify(someEvent()).slice(0, -1);
    const lines = [
      `${base()},"__proto__":{"polluted":1}}`,
      `${base()},"properties":{"__proto__":{"polluted":1},"k":1}}`,
      `${base()},"properties":{"in":{"__proto__":{"polluted":1},"constructor":{"prototype":1}}}}`,
      `${base()},"page":"cart"}`,
      `${base()},"title":"half \\ud83d of \\\\ud83d"}`,
      `${base()},"properties":{"half \\udc00":"\\ud800\\ud800"}}`,
      `${base()},"properties":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
    ];
    const answer = await request(app.server).post(url).type('text/plain').send(lines.join('\n')).expect(200);
    expect(answer.body.rejected.map((one: { index: number; path: string }) => [one.index, one.path])).toEqual([
      [0, '/__proto__'],
      [1, '/properties/__proto__'],
      [6, '/properties'],
    ]);
    const text = records.map(({ data }) => Buffer.from(data).toString()).join('');
    expect(text).not.toMatch(/[^\\]\\ud[89a-f]/);
    const put = eventsIn(records);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(put.map(({ raw }) => raw).filter(Boolean)).toEqual([lines[0], lines[1], lines[6]]);
    expect(text).toContain('"in":{"__proto__":{"polluted":1},"constructor":{"prototype":1}}');
    expect(put.filter(({ page }) => page === 'cart')).toHaveLength(1);
    expect(put.find(({ title }) => title)!.title).toBe('half \ufffd of \\ud83d');
    const broken = Buffer.concat([Buffer.from(`${base()},"title":"`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    await request(app.server)
      .post(url)
      .type('text/plain')
      .send(broken as unknown as string)
      .expect(200);
    expect(eventsIn(records).at(-1)!.title).toBe('\ufffd\ufffd');
  });

  test('a deeply nested application/json body is no fault of the server', async () => {
    const { app, records } = await testApp();
    const deep = `[${'['.repeat(400_000)}${']'.repeat(400_000)}]`;
    const answer = await request(app.server).post(url).type('application/json').send(deep).expect(200);
    expect(answer.body.rejected[0].code).toBe('event_too_large');
    expect(eventsIn(records)[0]!.raw).toBe(deep.slice(1, -1));
  });

  test('the observer sees the accepted events once they are safe, and its failure costs nothing', async () => {
    const seen: StoredEvent[] = [];
    const { app, records, logged } = await testApp(
      {},
      {
        observer: {
          accepted(events) {
            expect(records.length).toBeGreaterThan(0);
            seen.push(...events);
            throw new Error('observer broke');
          },
        },
      },
    );
    await request(app.server)
      .post(url)
      .type('text/plain')
      .send(jsonLines([someEvent({ page: 'garden' }), { nonsense: 1 }]))
      .expect(200);
    expect(seen).toMatchObject([{ page: '_other', page_as_sent: 'garden', received_at: expect.any(String) }]);
    expect(logged.some(({ message }) => message === 'the observer failed')).toBe(true);
  });
});

test('the observer hears of every event that the server took: accepted, rejected or there before', async () => {
  const heard = { accepted: [] as number[], repeated: [] as number[], rejected: [] as RejectedEvent[] };
  const { app } = await testApp(
    {},
    {
      observer: {
        accepted: (events) => void heard.accepted.push(events.length),
        repeated: (events) => void heard.repeated.push(events),
        rejected: (events) => void heard.rejected.push(...events),
      },
    },
  );
  const post = (body: string, batch: string) =>
    request(app.server).post(`${url}&batch=${batch}`).type('text/plain').send(body).expect(200);
  const one = someEvent({ seq: 1 });
  const wrong = { ...someEvent({ seq: 8 }), item_quantity: 'two' };
  const huge = { ...wrong, title: 'x'.repeat(40_000) };
  await post(jsonLines([one, wrong, one]), 'one');
  await post(jsonLines([one, wrong, one]), 'one');
  await post(jsonLines([one, someEvent({ seq: 2 })]), 'two');
  await post(`{"torn\n${jsonLines([huge])}`, 'three');
  expect(heard).toMatchObject({ accepted: [1, 1], repeated: [1, 3, 1] });
  expect(heard.rejected).toMatchObject([
    {
      code: 'invalid_event',
      path: '/item_quantity',
      raw: JSON.stringify(wrong),
      isKept: true,
      event_id: wrong.event_id,
    },
    { code: 'invalid_json', path: '', raw: '{"torn', isKept: true },
    { code: 'event_too_large', raw: JSON.stringify(huge), isKept: true },
  ]);
  expect(heard.rejected[0]!.visitor_id).toBe(wrong.visitor_id);
});

describe('across origins', () => {
  test.each([
    ['demo', 'http://shop.example', 200],
    ['demo', 'http://other.example', 403],
    ['second', 'http://other.example', 200],
    ['demo', undefined, 200],
  ])('key %s from %s: %i', async (key, origin, status) => {
    const { app } = await testApp();
    const post = request(app.server).post(`/v1/events?key=${key}`).type('text/plain');
    if (origin !== undefined) post.set('origin', origin);
    const answer = await post.send(jsonLines([someEvent()]));
    expect(answer.status).toBe(status);
    if (status === 403)
      expect(answer.body.error).toMatchObject({ code: 'forbidden_origin', message: expect.stringContaining(origin!) });
    if (origin !== undefined) expect(answer.headers['access-control-allow-origin']).toBe(origin);
  });

  test.each([
    'content-type',
    'traceparent,tracestate',
    'authorization,x-requested-with',
    'sentry-trace, baggage, content-encoding',
    'x-datadog-trace-id',
  ])('a preflight is answered, whatever header the page adds to every request (%s)', async (headers) => {
    const { app } = await testApp();
    const answer = await request(app.server)
      .options(url)
      .set('origin', 'http://shop.example')
      .set('access-control-request-method', 'POST')
      .set('access-control-request-headers', headers)
      .expect(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'http://shop.example',
      'access-control-allow-credentials': 'true',
    });
    expect(answer.headers['access-control-allow-methods']).toContain('POST');
    expect(answer.headers['access-control-allow-headers']).toBe(headers);
  });
});

describe('slow senders', () => {
  test('a body that does not arrive is cut off with 408', async () => {
    const { app } = await testApp({}, { requestTimeoutMs: 300 });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`POST ${url} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\n{"a`);
    let answer = '';
    socket.on('data', (part) => (answer += part));
    await new Promise((resolve) => socket.on('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"too_slow"');
    expect(answer).toMatch(/retry-after: \d/);
  });
});

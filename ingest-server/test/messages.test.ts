import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { parseOrigins } from '../src/core/admission/origins.js';
import { cleanUp, testApp } from './support/app.js';
import { jsonLines, someEvent } from './support/events.js';

afterEach(cleanUp);

/** The tracker prints messages as they are: each is one line, and says what to do. */
const oneLine = /^[^\n]{20,400}$/;

describe('a refusal says what is wrong and what to do', () => {
  const refused = async (query: string, headers: Record<string, string> = {}, body = jsonLines([someEvent()])) => {
    const { app } = await testApp({ origins: parseOrigins('https://shop.example') });
    const answer = await request(app.server)
      .post(`/v1/${query}`)
      .set({ 'content-type': 'text/plain', ...headers })
      .send(body);
    expect(answer.body.error.message).toMatch(oneLine);
    return answer.body.error.message as string;
  };

  test.each(['guess', 'demo2', 'Demo', 'ключ', '"quoted"'])(
    'a wrong key (%s) is named, with the places where keys are set',
    async (key) => {
      const message = await refused(`events?key=${encodeURIComponent(key)}`);
      for (const words of [`"${key}"`, 'data-key', 'MILLRACE_WRITE_KEYS']) expect(message).toContain(words);
      expect(await refused('events', {}, JSON.stringify({ key }))).toBe(message);
    },
  );

  test('of a wrong key no more is repeated than a key may have', async () => {
    const message = await refused(`events?key=${'k'.repeat(5_000)}`);
    expect(message).toContain(`"${'k'.repeat(64)}…"`);
  });

  test.each<[string, string, Record<string, string>, RegExp]>([
    ['no key', 'events', {}, /key=KEY.*\{"key":"KEY"\}/],
    ['another origin', 'events?key=demo', { origin: 'https://x.example' }, /https:\/\/x\.example .*MILLRACE_ORIGINS/],
    ['no origin', 'events?key=demo', { origin: 'null' }, /MILLRACE_ORIGINS/],
    ['an unknown type', 'events?key=demo', { 'content-type': 'text/html' }, /text\/html.*text\/plain/],
    ['an unknown encoding', 'events?key=demo&encoding=br', {}, /"br".*gzip/],
    ['a wrong address', 'event?key=demo', {}, /POST \/v1\/events/],
  ])('%s', async (_, query, headers, message) => {
    expect(await refused(query, headers)).toMatch(message);
  });

  test('a page may read it at a wrong address, too', async () => {
    const { app } = await testApp();
    for (const path of ['/v1/event', '/events', '/']) {
      const { status, headers } = await request(app.server).post(path).set('origin', 'https://x.example').send('x');
      expect([status, headers['access-control-allow-origin']]).toEqual([404, 'https://x.example']);
    }
  });
});

describe('a name without a partition of its own is told', () => {
  const warned = async (names: string[]) => {
    const { app } = await testApp();
    const body = jsonLines(names.map((event) => someEvent({ event })));
    const answer = await request(app.server).post('/v1/events?key=demo').type('text/plain').send(body).expect(200);
    return answer.body.warnings as { code: string; name: string; events: number; message: string }[];
  };

  test('once in a request, however many events have it', async () => {
    const warnings = await warned(['dug', '購入', 'dug', 'liked_item', '購入', 'dug', 'Liked Item']);
    expect(warnings).toMatchObject([
      { code: 'undeclared_event', name: 'dug', events: 3 },
      { code: 'undeclared_event', name: '購入', events: 2 },
      { code: 'undeclared_event', name: 'Liked Item', events: 1 },
    ]);
    for (const { name, message } of warnings) {
      expect(message).toContain(`the event "${name}" is`);
      expect(message).toMatch(oneLine);
    }
    expect(warnings[0]!.message).toContain('add it to "events" in the file that MILLRACE_CATALOGUE names');
    expect(warnings[1]!.message).toContain('send a name of a-z, 0-9 and _');
  });

  test('in a bounded answer that is remembered: 20 names, whatever their length', async () => {
    const { app } = await testApp();
    const events = Array.from({ length: 60 }, (_, at) => someEvent({ page: `${at}${'"'.repeat(250)}` }));
    const send = async (body: string) =>
      (await request(app.server).post('/v1/events?key=demo&batch=b').type('text/plain').send(body).expect(200)).body;
    const { warnings, accepted } = await send(jsonLines(events));
    expect([accepted, warnings.length]).toEqual([60, 20]);
    expect(await send('')).toMatchObject({ known: true });
    expect(await send(jsonLines(events))).toMatchObject({ accepted: 60, duplicates: 0 });
  });
});

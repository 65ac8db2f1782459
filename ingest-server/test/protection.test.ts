import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import request from 'supertest';
import { networkOf } from '../src/core/admission/client-network.js';
import { isSenders } from '../src/core/admission/known-address.js';
import { createShedding, turnMs } from '../src/core/admission/shedding.js';
import { createTokenBuckets } from '../src/core/admission/token-buckets.js';
import { createEarlyRefusal } from '../src/http/early-refusal.js';
import type { Metrics } from '../src/plugins/metric-counters.js';
import { cleanUp, testApp } from './support/app.js';
import { jsonLines, someEvent } from './support/events.js';
import { createFakeClock } from './support/fake-clock.js';

afterEach(cleanUp);

const body = () => jsonLines([someEvent()]);

describe('token buckets', () => {
  test('never let through more than the burst and the rate, whenever requests come, and never less for who keeps to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 10 }),
        async (pauses, perSecond, burst) => {
          const clock = createFakeClock();
          const buckets = createTokenBuckets({ clock, perSecond, burst, maxKeys: 10 });
          let allowed = 0;
          for (const pause of pauses) {
            await clock.pass(pause);
            const waitMs = buckets.take('k');
            if (waitMs === 0) allowed += 1;
            expect(waitMs).toBeLessThanOrEqual(1000 / perSecond + 1e-6);
            expect(allowed).toBeLessThanOrEqual(burst + (clock.monotonicMs() / 1000) * perSecond + 1e-6);
          }
          await clock.pass(1000 / perSecond + 1);
          expect(buckets.take('k')).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('that may be overdrawn never let through more than the rate, the burst and one, and refuse while they are empty', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 500 })), { maxLength: 80 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 300 }),
        async (takes, perSecond, burst) => {
          const clock = createFakeClock();
          const buckets = createTokenBuckets({ clock, perSecond, burst, maxKeys: 10 });
          let taken = 0;
          let last = 0;
          for (const [pause, tokens] of takes) {
            await clock.pass(pause);
            const waitMs = buckets.overdraw('k', tokens * 2);
            if (waitMs === 0) {
              buckets.giveBack('k', tokens);
              taken += tokens;
              last = tokens;
            }
            expect(taken - last).toBeLessThanOrEqual(burst + (clock.monotonicMs() / 1000) * perSecond + 1e-6);
            await clock.pass(Math.ceil(waitMs));
            if (waitMs > 0) expect(buckets.overdraw('k', 0)).toBe(0);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('remember a bounded number of keys, and forget those seen least lately', () => {
    const clock = createFakeClock();
    const buckets = createTokenBuckets({ clock, perSecond: 1, burst: 1, maxKeys: 100 });
    for (let i = 0; i < 10_000; i++) {
      buckets.take('regular');
      buckets.take(`made-up-${i}`);
    }
    expect(buckets.size).toBe(100);
    expect(buckets.take('regular')).toBeGreaterThan(0);
  });
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s is counted as %s', (address, network) => expect(networkOf(address)).toBe(network));

describe('rate limits', () => {
  test('a key that sends too much gets 429 with Retry-After, readable across origins; the other keys do not', async () => {
    const { app, records } = await testApp({ keyRequestsPerSecond: 1 });
    const send = (key: string) =>
      request(app.server)
        .post(`/v1/events?key=${key}`)
        .type('text/plain')
        .set('origin', 'http://shop.example')
        .send(body());
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await send('demo'));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(4);
    expect(answers[0]!.status).toBe(200);
    for (const { headers, body: answer } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(headers['access-control-expose-headers']).toBe('retry-after');
      expect(headers['access-control-allow-origin']).toBe('http://shop.example');
      expect(answer.error.code).toBe('too_many_requests');
    }
    expect((await send('second')).status).toBe(200);
    expect((await send('nobody')).status).toBe(401);
    expect(records).toHaveLength(answers.length - refused.length + 1);
    const metrics = (await request(app.server).get('/metrics').expect(200)).text;
    expect(metrics).toContain(`millrace_rate_limited_total{by="key"} ${refused.length}\n`);
    expect(metrics).toContain(`millrace_requests_total{code="too_many_requests"} ${refused.length}\n`);
  });

  test('an address: what a client writes into X-Forwarded-For counts only behind a trusted proxy', async () => {
    const statuses = async (trustedProxies: string[]) => {
      const { app } = await testApp({ addressRequestsPerSecond: 1, trustedProxies });
      const found = [];
      for (let i = 0; i < 8; i++) {
        const answer = await request(app.server)
          .post('/v1/events?key=demo')
          .type('text/plain')
          .set('x-forwarded-for', `203.0.113.${i}`)
          .send(body());
        found.push(answer.status);
      }
      return found;
    };
    expect(await statuses([])).toContain(429);
    expect(await statuses(['10.0.0.0/8'])).toContain(429);
    expect(await statuses(['127.0.0.0/8', '::1', '::ffff:127.0.0.1'])).toEqual(Array(8).fill(200));
  });

  test('bytes count as they are unzipped: who sends too many gets 429, also in small bodies, and others do not', async () => {
    const { app, records } = await testApp({ addressBytesPerSecond: 1_000, trustedProxies: ['127.0.0.1', '::1'] });
    const send = (address: string, payload: Buffer | string, coding = 'identity') =>
      request(app.server)
        .post('/v1/events?key=demo')
        .set('content-encoding', coding)
        .type('text/plain')
        .set('x-forwarded-for', address)
        .send(payload as string);
    const filler = (n: number) => jsonLines(Array.from({ length: n }, (_, seq) => someEvent({ seq })));
    const large = filler(500);
    // A whole batch always passes; then the bucket is nearly empty.
    const zipped = gzipSync(Buffer.concat(Array(6).fill(Buffer.from(large))).subarray(0, 1_000_000));
    expect((await send('203.0.113.1', gzipSync(large), 'gzip')).status).toBe(200);
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await send('203.0.113.1', gzipSync(filler(400)), 'gzip')).status);
    expect(statuses.slice(-3)).toEqual([429, 429, 429]);
    const refused = await send('203.0.113.1', large);
    expect([refused.status, refused.body.error.code]).toEqual([429, 'too_many_requests']);
    expect(refused.body.error.message).toMatch(/^too many bytes by this address: wait \d+ s$/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(1);
    expect((await send('203.0.113.2', filler(500))).status).toBe(200);
    // What is no batch at all counts, too.
    expect((await send('203.0.113.3', zipped, 'gzip')).status).toBe(413);
    const stored = records.reduce((sum, { events }) => sum + events, 0);
    expect(stored).toBe(500 * 2 + statuses.filter((status) => status === 200).length * 400);
    const metrics = (await request(app.server).get('/metrics')).text;
    expect(metrics).toMatch(/^millrace_rate_limited_total\{by="address_bytes"\} [1-9]/m);
  });

  test.each([
    ['a megabyte in a kilobyte', () => gzipSync('x'.repeat(1_000_000))],
    ['lines without end in a kilobyte', () => gzipSync('{}\n'.repeat(300_000))],
    ['20 megabytes in 20 kilobytes', () => gzipSync('y'.repeat(20_000_000))],
    ['many lines, each short and no event', () => '[]\n'.repeat(500)],
  ])('%s counts as the work that it is, though it is refused', async (_, payload) => {
    const { app } = await testApp({ addressBytesPerSecond: 1_000 });
    const send = (sent: Buffer | string) =>
      request(app.server)
        .post('/v1/events?key=demo')
        .type('text/plain')
        .send(sent as string);
    const worst = payload();
    // Far fewer bytes than the bucket holds are sent.
    const statuses = [];
    for (let i = 0; i < 30; i++) statuses.push((await send(worst)).status);
    expect(statuses[0]).not.toBe(429);
    expect(statuses.at(-1)).toBe(429);
  });

  test('what is unreadable counts as it was sent', async () => {
    const { app } = await testApp({ addressBytesPerSecond: 1_000 });
    const broken = Buffer.concat([gzipSync(jsonLines([someEvent()])).subarray(0, 100), Buffer.alloc(20_000)]);
    for (let i = 0; i < 30; i++) {
      const { status } = await request(app.server).post('/v1/events?key=demo').type('text/plain').send(broken);
      expect(status).toBe(400);
    }
  });

  test('metrics and health have a limit of their own: who asks for them keeps no events out', async () => {
    const { app } = await testApp({ addressRequestsPerSecond: 2 });
    const statuses = [];
    for (let i = 0; i < 10; i++) statuses.push((await request(app.server).get('/metrics')).status);
    expect(statuses).toContain(429);
    expect((await request(app.server).post('/v1/events?key=demo').type('text/plain').send(body())).status).toBe(200);
  });

  test('by default they count where the address is that of the sender, and not behind an unknown proxy', async () => {
    const limits = { addressRequestsPerSecond: 1, limitsAnyAddress: false };
    const { app } = await testApp(limits);
    const statuses = async (headers: Record<string, string>) => {
      const found = new Set<number>();
      for (let i = 0; i < 6; i++) {
        found.add(
          (await request(app.server).post('/v1/events?key=demo').type('text/plain').set(headers).send(body())).status,
        );
      }
      return found;
    };
    // A proxy on this machine: who is behind it is not known.
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      expect(await statuses({ [name]: '203.0.113.1' })).toEqual(new Set([200]));
    }
    expect(await statuses({})).toContain(429);
  });

  test.each([
    ['203.0.113.9', {}, true],
    ['203.0.113.9', { 'x-forwarded-for': '198.51.100.1' }, true],
    ['2001:db8::1', { via: '1.1 a' }, true],
    ['::ffff:203.0.113.9', {}, true],
    ['127.0.0.1', {}, true],
    ['::1', {}, true],
    ['::ffff:127.0.0.1', { forwarded: 'for=x' }, false],
    ['::1', { 'x-real-ip': 'x' }, false],
    ['10.1.2.3', {}, false],
    ['172.17.0.1', {}, false],
    ['::ffff:192.168.1.1', {}, false],
    ['100.64.3.4', {}, false],
    ['fd12::1', {}, false],
    ['fe80::1', {}, false],
  ])('%s with the headers %j: whether it is the address of the sender', (address, headers, expected) => {
    expect(isSenders(address, headers)).toBe(expected);
  });

  test('no address is logged, nor is it in the metrics or in what is stored', async () => {
    const { app, logged, records } = await testApp({
      addressRequestsPerSecond: 1,
      trustedProxies: ['127.0.0.1', '::1'],
    });
    for (let i = 0; i < 5; i++)
      await request(app.server)
        .post('/v1/events?key=demo')
        .type('text/plain')
        .set('x-forwarded-for', '203.0.113.77')
        .set('user-agent', 'somebody’s browser'.replace('’', ''))
        .send(body());
    const metrics = (await request(app.server).get('/metrics')).text;
    const everything = `${JSON.stringify(logged)}${metrics}${records.map(({ data }) => Buffer.from(data)).join('')}`;
    for (const personal of ['203.0.113', '127.0.0.1', 'somebody']) expect(everything).not.toContain(personal);
  });
});

describe('load shedding', () => {
  const limitMs = 50;

  /** A loop whose turns take as long as is said. */
  function createLoop() {
    let now = 0;
    let idleMs = 0;
    let previousMs = 0;
    let tasks: (() => void)[] = [];
    const shedding = createShedding(
      {
        now: () => now,
        idleMs: () => idleMs,
        previousTurnMs: () => previousMs,
        afterTurn: (task) => void tasks.push(task),
      },
      limitMs,
    );
    return {
      wait(ms: number) {
        now += ms;
        idleMs += ms;
      },
      /** A turn with a request a millisecond; returns how many of them are taken. */
      turn(lastsMs: number) {
        let taken = 0;
        for (let ms = 0; ms < lastsMs; ms++, now++) if (!shedding.sheds()) taken += 1;
        for (const task of tasks) task();
        tasks = [];
        previousMs = lastsMs;
        return taken;
      },
      /** Short turns with other things to do. */
      work(ms: number) {
        now += ms;
        previousMs = 1;
      },
    };
  }

  test('a burst is taken, up to the limit; what is left of it is refused, and the next turn begins anew', () => {
    const loop = createLoop();
    expect(loop.turn(40)).toBe(40);
    loop.wait(10);
    expect(loop.turn(90)).toBe(limitMs + 1);
    loop.wait(10);
    expect(loop.turn(40)).toBe(40);
  });

  test('what came during a pause is worked off, in turns that grow shorter, and nobody is refused', () => {
    const loop = createLoop();
    loop.turn(10);
    loop.wait(30);
    // Half a pause of 60 ms, and of each turn that follows, is there to be done in the next one.
    for (const ms of [60, 30, 15, 8, 4, 2, 1]) {
      const taken = loop.turn(ms);
      expect(taken).toBe(Math.min(ms, limitMs + 1));
    }
  });

  test('a loop that does not wait any more makes its turns ever shorter, and long ones again once it waits', () => {
    const loop = createLoop();
    expect(Array.from({ length: 8 }, () => loop.turn(40))).toEqual([40, 40, 40, 31, 20, 12, 12, 12]);
    for (let i = 0; i < 20; i++) loop.turn(8);
    expect(loop.turn(40)).toBe(16);
    for (let i = 0; i < 10; i++) {
      loop.turn(8);
      loop.wait(2);
    }
    expect(loop.turn(40)).toBe(40);
  });

  test('turns that are long with waiting between them are bursts, and refuse nobody', () => {
    const loop = createLoop();
    for (let i = 0; i < 20; i++) {
      expect(loop.turn(45)).toBe(45);
      loop.wait(5);
    }
  });

  test('in overload what came during a turn that was too long waited too long, and is refused; what came later is taken', () => {
    const loop = createLoop();
    for (let i = 0; i < 8; i++) loop.turn(40);
    loop.turn(300);
    expect(loop.turn(20)).toBe(0);
    expect(loop.turn(20)).toBe(16);
  });

  test('who comes seldom to a loop that is busy with other things is taken', () => {
    const loop = createLoop();
    for (let i = 0; i < 20; i++) {
      expect(loop.turn(1)).toBe(1);
      loop.work(100);
    }
  });

  test('a turn takes requests for a time between three tenths of the limit and the limit, the shorter the longer the loop has not waited', () => {
    expect([0, 100, 125, 150, 200, 10_000].map((busyMs) => turnMs(limitMs, busyMs, 30))).toEqual([
      50, 50, 41.25, 32.5, 15, 15,
    ]);
  });

  test('in overload a turn that was twice as long as it should be makes the next one half as long, a short one none longer', () => {
    expect([0, 10, 30, 60, 150].map((previousMs) => turnMs(limitMs, 10_000, previousMs))).toEqual([15, 15, 15, 7.5, 3]);
    expect([0, 60, 150].map((previousMs) => turnMs(limitMs, 90, previousMs))).toEqual([50, 50, 50]);
  });

  test('a refusal counts when it is given, also one to a sender that has gone', () => {
    const answered: string[] = [];
    const metrics = { answered: (code: string) => void answered.push(code), shed() {} } as unknown as Metrics;
    const refuses = createEarlyRefusal({
      shedding: { sheds: () => true },
      delivery: { isFull: () => false },
      metrics,
    });
    // Of what is never sent nobody hears that it has been sent.
    const response = { writeHead() {}, end() {} } as unknown as ServerResponse;
    const post = { method: 'POST', url: '/v1/events?key=demo', headers: {} } as IncomingMessage;
    expect(refuses(post, response)).toBe(true);
    expect(answered).toEqual(['unavailable']);
  });

  test('a server that is late refuses with 503 and Retry-After before it reads the body; health and metrics it answers', async () => {
    const { app, records } = await testApp({ shedDelayMs: 20 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const busy = setInterval(() => {
      const until = performance.now() + 60;
      while (performance.now() < until);
    }, 1);
    // Until the loop has been late for a while, since it saw events for the first time.
    const send = () => fetch(`http://127.0.0.1:${port}/v1/events?key=wrong`, { method: 'POST', body: '{}' });
    while ((await send()).status !== 503);
    const answer = new Promise<{ status: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const sending = httpRequest(
        {
          port,
          host: '127.0.0.1',
          method: 'POST',
          path: '/v1/events?key=demo',
          headers: { 'content-length': 100, 'content-type': 'text/plain' },
        },
        (response) => {
          resolve({ status: response.statusCode!, headers: response.headers });
          sending.destroy();
        },
      );
      sending.on('error', reject);
      // The body never comes.
      sending.flushHeaders();
    });
    const { status, headers } = await answer;
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    clearInterval(busy);
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'retry-after',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(health.status).toBe(200);
    expect(records).toHaveLength(0);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('millrace_shed_total 2\n');
  });
});

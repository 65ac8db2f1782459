import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import request from 'supertest';
import { networkOf } from '../src/core/client-network.js';
import { sheds, watchLoopDelay } from '../src/core/loop-delay.js';
import { createTokenBuckets } from '../src/core/token-buckets.js';
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
            expect(allowed).toBeLessThanOrEqual(burst + (clock.now() / 1000) * perSecond + 1e-6);
          }
          await clock.pass(1000 / perSecond + 1);
          expect(buckets.take('k')).toBe(0);
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
  /** A loop whose turns take as long as is said; who asks in a turn asks `afterMs` after it began. */
  function loopOf(limitMs: number) {
    let now = 0;
    let tick = () => {};
    const clock = {
      now: () => now,
      after: (_ms: number, task: () => void) => {
        tick = task;
        return () => {};
      },
    };
    const delay = watchLoopDelay(clock, limitMs);
    return {
      turn(lastsMs: number) {
        now += lastsMs;
        tick();
      },
      refusedOf100(afterMs: number) {
        const began = now;
        now += afterMs;
        const refused = Array.from({ length: 100 }, (_, i) => delay.sheds(() => i / 100)).filter(Boolean).length;
        now = began;
        return refused;
      },
    };
  }

  test('a turn of the loop that lasts too long refuses what is left in it; the next one begins anew', () => {
    const loop = loopOf(100);
    expect([0, 60, 85, 110, 500].map(loop.refusedOf100)).toEqual([0, 0, 50, 100, 100]);
    loop.turn(500);
    expect(loop.refusedOf100(0)).toBe(0);
    expect(loop.refusedOf100(60)).toBe(0);
  });

  test('once all turns are long for a while they are kept shorter, until all are short for a while', () => {
    const loop = loopOf(100);
    loop.turn(40);
    loop.turn(40);
    expect(loop.refusedOf100(40)).toBe(0);
    loop.turn(40);
    expect([0, 20, 25, 30].map(loop.refusedOf100)).toEqual([0, 0, 50, 100]);
    for (const ms of [10, 10, 40, 10, 10, 10, 10, 10]) loop.turn(ms);
    expect(loop.refusedOf100(40)).toBe(100);
    for (const ms of [10, 10]) loop.turn(ms);
    expect(loop.refusedOf100(40)).toBe(0);
  });

  test('under overload a turn refuses what waited too long during the one before', () => {
    const loop = loopOf(100);
    for (const ms of [40, 40, 40, 40]) loop.turn(ms);
    expect(loop.refusedOf100(0)).toBe(0);
    loop.turn(85);
    expect(loop.refusedOf100(0)).toBe(50);
    loop.turn(200);
    expect(loop.refusedOf100(0)).toBe(100);
    loop.turn(40);
    expect(loop.refusedOf100(0)).toBe(0);
  });

  test('long turns with short ones between are bursts, and one pause alone is none of the loop’s queue', () => {
    const loop = loopOf(100);
    for (let i = 0; i < 10; i++) for (const ms of [40, 40, 15]) loop.turn(ms);
    expect(loop.refusedOf100(40)).toBe(0);
    loop.turn(2_000);
    expect(loop.refusedOf100(40)).toBe(0);
  });

  test('none is refused below half the limit, all are above it, and in between the more the later the loop is', () => {
    const refused = (delayMs: number) =>
      Array.from({ length: 100 }, (_, i) => sheds(delayMs, 100, () => i / 100)).filter(Boolean).length;
    expect([0, 50, 75, 100, 500].map(refused)).toEqual([0, 0, 50, 100, 100]);
  });

  test('a server that is late refuses with 503 and Retry-After before it reads the body; health and metrics it answers', async () => {
    const { app, records } = await testApp({ shedDelayMs: 20 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const busy = setInterval(() => {
      const until = performance.now() + 200;
      while (performance.now() < until);
    }, 1);
    // Until the loop has been late for a while.
    await new Promise((resolve) => setTimeout(resolve, 800));
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
    expect(metrics).toContain('millrace_shed_total 1\n');
  });
});

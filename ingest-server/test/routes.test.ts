import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventJsonSchema } from '@millrace/sdk/schema';
import request from 'supertest';
import type { Sink } from '../src/core/delivery/sink.js';
import { startIngestServer } from '../src/index.js';
import { cleanUp, later, temporaryFolder, testApp, testConfig } from './support/app.js';
import { jsonLines, someEvent } from './support/events.js';
import { createMemorySink } from './support/memory-sink.js';
import { startStubKinesis } from './support/stub-kinesis.js';

afterEach(cleanUp);

describe('GET /millrace.js', () => {
  test('serves the tracker to any page, cached, and says when it is unchanged', async () => {
    const file = join(await temporaryFolder(), 'millrace.js');
    await writeFile(file, 'console.log(1)');
    const { app } = await testApp({ clientScript: file });
    const first = await request(app.server).get('/millrace.js').set('origin', 'https://any.example').expect(200);
    expect(first.text).toBe('console.log(1)');
    expect(first.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-encoding': 'gzip',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': expect.stringContaining('max-age='),
      etag: expect.stringMatching(/^"[\w-]+"$/),
    });
    const etag = first.headers.etag!;
    await request(app.server).get('/millrace.js').set('if-none-match', `W/${etag}`).expect(304);
    const plain = await request(app.server).get('/millrace.js').set('accept-encoding', 'identity').expect(200);
    expect(plain.headers['content-encoding']).toBeUndefined();
    const small = await app.inject({ url: '/millrace.js', headers: { 'accept-encoding': 'gzip, br;q=0.9' } });
    expect(small.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(small.rawPayload).toString()).toBe('console.log(1)');
    const refused = await request(app.server).get('/millrace.js').set('accept-encoding', 'gzip, br;q=0').expect(200);
    expect(refused.headers['content-encoding']).toBe('gzip');
    await writeFile(file, 'console.log(2) // built again');
    const second = await request(app.server).get('/millrace.js').set('if-none-match', etag).expect(200);
    expect(second.text).toContain('built again');
    expect(second.headers.etag).not.toBe(etag);
  });

  test("serves the tracker's plugins, which lie beside it", async () => {
    const folder = await temporaryFolder();
    const { app } = await testApp({ clientScript: join(folder, 'millrace.js') });
    for (const name of ['millrace-full.js', 'millrace-debug.js', 'millrace-vitals.js']) {
      await request(app.server).get(`/${name}`).expect(404);
      await writeFile(join(folder, name), `console.log('${name}')`);
      const answer = await request(app.server).get(`/${name}`).expect(200);
      expect(answer.text).toBe(`console.log('${name}')`);
    }
  });

  test.each(['millrace', 'millrace-full', 'millrace-debug', 'millrace-vitals'])(
    'serves /%s-VERSION.js for a year, and of a version that it has not says which it has',
    async (name) => {
      const folder = await temporaryFolder();
      const { app } = await testApp({ clientScript: join(folder, 'millrace.js') });
      const ask = (version: string) => request(app.server).get(`/${name}-${version}.js`);
      const unversioned = await ask('0.2.0').expect(404);
      expect(unversioned.body.error.message).toContain('no millrace.json beside it');

      await writeFile(join(folder, `${name}.js`), 'console.log(2)');
      await writeFile(join(folder, 'millrace.json'), '{"version":"0.2.0"}');
      const { text, headers } = await ask('0.2.0').expect(200);
      expect(text).toBe('console.log(2)');
      expect(headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'content-type': 'text/javascript; charset=utf-8',
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
      });
      await ask('0.2.0').set('if-none-match', headers.etag!).expect(304);
      const newest = await request(app.server).get(`/${name}.js`).expect(200);
      expect(newest.headers['cache-control']).not.toContain('immutable');

      for (const version of ['0.1.0', '0.2.0-rc.1', '0.2', '9']) {
        const answer = await ask(version).expect(404);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(answer.body.error).toEqual({
          code: 'not_found',
          message: `this server has no ${name} ${version}: it has /${name}-0.2.0.js, and the newest at /${name}.js`,
        });
      }
    },
  );

  test('serves an earlier version that lies beside the newest, and no other file of the folder', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'millrace.js'), 'console.log(2)');
    await writeFile(join(folder, 'millrace.json'), '{"version":"0.2.0"}');
    await writeFile(join(folder, 'millrace-0.1.0.js'), 'console.log(1)');
    await writeFile(join(folder, 'millrace-debug-0.1.0.js'), 'console.log(3)');
    await writeFile(join(folder, 'secret-1.js'), 'console.log(4)');
    const { app } = await testApp({ clientScript: join(folder, 'millrace.js') });
    const earlier = await request(app.server).get('/millrace-0.1.0.js').expect(200);
    expect(earlier.text).toBe('console.log(1)');
    expect(earlier.headers['cache-control']).toContain('immutable');
    const refused = await request(app.server).get('/millrace-0.3.0.js').expect(404);
    expect(refused.body.error.message).toContain('it has /millrace-0.1.0.js, /millrace-0.2.0.js, and');
    for (const path of ['/secret-1.js', '/millrace-1%2f..%2fsecret-1.js', '/millrace-.js', '/millrace-0.1.0.json'])
      await request(app.server).get(path).expect(404);
  });

  test('says what to do while it is not built', async () => {
    const { app } = await testApp({ clientScript: join(await temporaryFolder(), 'absent.js') });
    const answer = await request(app.server).get('/millrace.js').expect(404);
    expect(answer.body.error).toEqual({ code: 'not_found', message: expect.stringContaining('npm run build') });
  });
});

test('an unknown route is answered with JSON that says where events go', async () => {
  const { app } = await testApp();
  for (const [method, path] of [
    ['get', '/v1/events?key=demo'],
    ['post', '/events'],
    ['get', '/..%2f..%2fetc/passwd'],
  ] as const) {
    const answer = await request(app.server)[method](path).expect(404);
    expect(answer.body.error).toEqual({ code: 'not_found', message: expect.stringContaining('POST /v1/events') });
  }
});

test('/v1/schema is the schema of the event', async () => {
  const { app } = await testApp();
  const answer = await request(app.server).get('/v1/schema').expect(200);
  expect(JSON.parse(answer.text)).toEqual(eventJsonSchema());
});

test('/metrics counts: received = accepted + rejected, by code, and each app counts for itself', async () => {
  const { app } = await testApp();
  const { app: other } = await testApp();
  const lines = [someEvent(), someEvent({ page: 'garden' }), { nonsense: true }];
  await request(app.server)
    .post('/v1/events?key=demo')
    .type('text/plain')
    .send(`${jsonLines(lines)}{\n`)
    .expect(200);
  await request(app.server).post('/v1/events?key=nobody').type('text/plain').send('{}').expect(401);
  const text = (await request(app.server).get('/metrics').expect(200)).text;
  for (const line of [
    'millrace_events_received_total 4',
    'millrace_events_accepted_total 2',
    'millrace_events_rejected_total{code="invalid_event"} 1',
    'millrace_events_rejected_total{code="invalid_json"} 1',
    'millrace_events_rejected_total{code="event_too_large"} 0',
    'millrace_events_undeclared_total{kind="page"} 1',
    'millrace_requests_total{code="ok"} 1',
    'millrace_requests_total{code="wrong_key"} 1',
    'millrace_put_events_total 4',
    'millrace_lanes 2',
    'millrace_kinesis_up 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect((await request(other.server).get('/metrics')).text).toContain('millrace_events_received_total 0');
});

test('/readyz says no while every event is refused, also with a stream that answers, and yes as soon as one is taken', async () => {
  let isThrottled = true;
  const memory = createMemorySink(2);
  const throttled = { code: 'ProvisionedThroughputExceededException', message: 'Rate exceeded' };
  const sink: Sink = {
    ...memory,
    put: async (records) => (isThrottled ? records.map(() => throttled) : memory.put(records)),
  };
  const { app } = await testApp({ spoolMaxBytes: 1024 * 1024, ackTimeoutMs: 50 }, { sink });
  const post = async (bytes: number) => {
    // Of many visitors, so that every lane has some.
    const events = Array.from({ length: 50 }, (_, i) => someEvent({ visitor_id: `v${i}`, title: 'x'.repeat(bytes) }));
    return (await request(app.server).post('/v1/events?key=demo').type('text/plain').send(jsonLines(events))).status;
  };
  const ready = () => request(app.server).get('/readyz');
  expect((await ready()).status).toBe(200);
  let accepted = 0;
  while ((await post(2_000)) === 200) accepted += 1;
  expect(accepted).toBeGreaterThan(2);
  while ((await post(1)) === 200);
  const { status, body } = await ready();
  expect([status, body.ready, body.kinesis]).toEqual([503, false, 'up']);
  expect(body.note).toMatch(/spool does not take events \(is full\).*wait behind/);
  isThrottled = false;
  // Ready is a server that takes one event: 50 at once may be too many for the room that the spool has just then.
  while ((await ready()).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  while ((await post(1)) !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await ready()).status).toBe(200);
}, 60_000);

describe('startIngestServer', () => {
  test('listens on a free port, and close() answers what runs before it ends', async () => {
    const stub = await startStubKinesis();
    let release = () => {};
    const wait = new Promise<void>((resolve) => {
      release = resolve;
    });
    stub.behaviour = () => ({ wait });
    process.env.AWS_ENDPOINT_URL = stub.url;
    process.env.AWS_REGION = 'us-east-1';
    process.env.AWS_ACCESS_KEY_ID = process.env.AWS_SECRET_ACCESS_KEY = 'test';
    const server = await startIngestServer(await testConfig({ ackTimeoutMs: 10_000 }));
    later(() => server.close());
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    const running = fetch(`${server.url}/v1/events?key=demo`, { method: 'POST', body: jsonLines([someEvent()]) });
    const isRunning = async () =>
      (await (await fetch(`${server.url}/metrics`)).text()).includes('millrace_queued_events 1\n');
    while (!(await isRunning())) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = Promise.all([server.close(), server.close()]);
    release();
    await closed;
    expect((await running).status).toBe(200);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  test('a port that is taken is an error that names it and the setting', async () => {
    const config = await testConfig();
    const first = await startIngestServer(config);
    later(() => first.close());
    const second = startIngestServer(await testConfig({ port: first.port }));
    await expect(second).rejects.toThrow(
      `port ${first.port} is taken: stop the program that listens there, or set MILLRACE_PORT`,
    );
  });
});

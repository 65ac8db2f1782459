import { afterEach, expect, test } from '@jest/globals';
import { diskFolder } from '@millrace/testing/disk-folder';
import request from 'supertest';
import { SinkError } from '../src/core/delivery/sink.js';
import { cleanUp, temporaryFolder, testApp } from './support/app.js';
import { startProcess } from './support/crashes.js';
import { jsonLines, someEvent } from './support/events.js';
import { createFaultySink } from './support/faulty-sink.js';
import { createMemorySink } from './support/memory-sink.js';
import { keptAndPlaces, samplesOf, sum } from './support/samples.js';
import { startStubKinesis } from './support/stub-kinesis.js';

afterEach(cleanUp);

test('at every scrape, whatever the stream does: received = accepted + rejected + duplicates, and every kept event is in one place', async () => {
  let call = 0;
  const sink = createFaultySink(createMemorySink(4), () => {
    call += 1;
    const wait = new Promise((resolve) => setTimeout(resolve, call % 5));
    if (call % 40 > 25) return { wait, error: new SinkError('misconfigured', 'ResourceNotFoundException', 'gone') };
    return {
      wait,
      record: (_record, i) => (call % 7 === i ? { code: 'InternalFailure', message: 'told to' } : undefined),
    };
  });
  const { app } = await testApp({ ackTimeoutMs: 50 }, { sink });
  let running = true;
  let number = 0;
  const client = async (visitor: number) => {
    while (running) {
      const events = [0, 1, 2].map((i) => someEvent({ visitor_id: `v${visitor}-${i}` }));
      const id = number++;
      const body = `${jsonLines(events)}${id % 3 === 0 ? 'not JSON\n' : ''}`;
      // Every other batch is sent twice.
      for (let i = id % 2; i < 2; i++)
        await app.inject({
          method: 'POST',
          url: `/v1/events?key=demo&batch=b${id}`,
          payload: body,
          headers: { 'content-type': 'text/plain' },
        });
    }
  };
  const clients = Array.from({ length: 8 }, (_, i) => client(i));
  const seen = { spool: 0, duplicates: 0, rejected: 0 };
  for (let scrape = 0; scrape < 150; scrape++) {
    await new Promise((resolve) => setTimeout(resolve, 4));
    const answer = await app.inject('/metrics');
    expect(answer.statusCode).toBe(200);
    const samples = samplesOf(answer.body);
    const count = (name: string) => sum(samples, `millrace_events_${name}`);
    expect(count('received_total')).toBe(count('accepted_total') + count('rejected_total') + count('duplicates_total'));
    const { kept, places } = keptAndPlaces(samples);
    expect(places).toBe(kept);
    seen.spool += count('in_spool');
    seen.duplicates = count('duplicates_total');
    seen.rejected = count('rejected_total');
  }
  running = false;
  await Promise.all(clients);
  expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
}, 120_000);

test('after kill -9 with a spool that was not empty what it holds counts as recovered, until it is delivered', async () => {
  const stub = await startStubKinesis();
  stub.behaviour = () => ({ status: 400, error: 'ResourceNotFoundException' });
  const folder = await temporaryFolder(diskFolder());
  const send = (port: number, events: number) =>
    fetch(`http://127.0.0.1:${port}/v1/events?key=demo`, {
      method: 'POST',
      body: jsonLines(Array.from({ length: events }, () => someEvent())),
    });
  const scrape = async (port: number) => samplesOf(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
  const first = await startProcess(stub, folder);
  expect((await send(first.port, 40)).status).toBe(200);
  expect(keptAndPlaces(await scrape(first.port))).toEqual({ kept: 40, places: 40 });
  first.kill('SIGKILL');
  await first.ended;

  const second = await startProcess(stub, folder);
  expect((await send(second.port, 2)).status).toBe(200);
  const before = await scrape(second.port);
  expect(before.get('millrace_events_recovered_total')).toBe(40);
  expect(before.get('millrace_events_accepted_total')).toBe(2);
  expect(sum(before, 'millrace_events_in_spool') + sum(before, 'millrace_events_in_flight')).toBe(42);
  expect(before.get('millrace_lag_seconds')).toBeGreaterThan(0);
  expect(keptAndPlaces(before)).toEqual({ kept: 42, places: 42 });
  stub.behaviour = () => ({});
  for (let delivered = 0; delivered < 42; ) {
    const samples = await scrape(second.port);
    expect(keptAndPlaces(samples)).toEqual({ kept: 42, places: 42 });
    delivered = samples.get('millrace_events_delivered_total')!;
  }
  const after = await scrape(second.port);
  expect(after.get('millrace_events_in_spool')).toBe(0);
  expect(after.get('millrace_lag_seconds')).toBe(0);
});

test('the bill: payload units, Firehose’s steps, and dollars per million events', async () => {
  const { app } = await testApp();
  const body = jsonLines(Array.from({ length: 10 }, (_, i) => someEvent({ visitor_id: 'one', seq: i })));
  const metrics = async () => samplesOf((await request(app.server).get('/metrics')).text);
  expect([...(await metrics()).keys()].some((name) => name.startsWith('millrace_dollars'))).toBe(false);
  await request(app.server).post('/v1/events?key=demo').type('text/plain').send(body).expect(200);
  const samples = await metrics();
  expect(samples.get('millrace_put_records_total')).toBe(1);
  const bytes = samples.get('millrace_put_bytes_total')!;
  expect(bytes).toBeGreaterThan(2_000);
  expect(bytes).toBeLessThan(5_120);
  expect(samples.get('millrace_put_payload_units_total')).toBe(1);
  expect(samples.get('millrace_firehose_billed_bytes_total')).toBe(5_120);
  // One unit, and one step, for ten events.
  expect(samples.get('millrace_dollars_per_million_events{service="kinesis"}')).toBeCloseTo(0.0014, 6);
  expect(samples.get('millrace_dollars_per_million_events{service="firehose"}')).toBeCloseTo(
    ((5_120 / 2 ** 30) * 0.029 * 1e6) / 10,
    6,
  );
});

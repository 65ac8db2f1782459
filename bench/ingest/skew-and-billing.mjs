// What Kinesis and Firehose bill over what is sent, on one shard, and how evenly visitors spread over 16.
//   npm run build && node bench/ingest/skew-and-billing.mjs [--seconds 10] [--json FILE]
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashOf, laneOf } from '../../ingest-server/dist/src/core/hash.js';
import { openResult, readOptions } from '../result.mjs';
import { median, round, sum } from '../statistics.mjs';
import { requestMaker } from './events.mjs';
import { closedLoop, openLoop } from './load.mjs';
import { withIngestServer } from './server-process.mjs';

const options = readOptions({ seconds: '10' });
const seconds = Number(options.seconds);
const result = openResult('Billed over actual bytes, and how evenly shards are loaded', options.json);
const { figure } = result;
const withServer = (shards, env, work) =>
  withIngestServer({ stub: { shards }, env: { MILLRACE_SHED_DELAY_MS: '0', ...env } }, work);

for (const [eventsPerSecond, eventsPerRequest] of [
  [500, 1],
  [500, 5],
  [1000, 10],
  [2000, 10],
]) {
  await withServer(1, { MILLRACE_LINGER_MS: '100' }, async (stub, server) => {
    const makeRequest = requestMaker({ visitors: 2_000, events: eventsPerRequest });
    const perSecond = eventsPerSecond / eventsPerRequest;
    const { accepted, p99 } = await openLoop({ port: server.port, makeRequest, perSecond, seconds });
    while (stub.events < accepted * eventsPerRequest) await sleep(20);
    const metrics = await server.metrics();
    const bytes = metrics.get('millrace_put_bytes_total');
    const kinesis = (metrics.get('millrace_put_payload_units_total') * 25_000) / bytes;
    const firehose = metrics.get('millrace_firehose_billed_bytes_total') / bytes;
    const dollars = ['kinesis', 'firehose'].map((service) =>
      round(metrics.get(`millrace_dollars_per_million_events{service="${service}"}`), 4),
    );
    const what = `${eventsPerSecond} events/s, ${eventsPerRequest} a request`;
    figure(`${what}: bytes a record`, round(bytes / stub.records.taken));
    figure(`${what}: dollars per million events, Kinesis + Firehose`, dollars.join(' + '));
    figure(`${what}: p99 of a request, ms`, round(p99));
    figure(`${what}: Firehose bills over actual bytes`, round(firehose, 3), '<= 1.25', firehose <= 1.25);
    figure(`${what}: payload units of 25 KB over actual bytes`, round(kinesis, 3), '<= 1.25', kinesis <= 1.25);
  });
}

const visitors = 100_000;
const shards = 16;
const busiest = (loads) => Math.max(...loads) / (sum(loads) / loads.length);

await withServer(shards, {}, async (stub, server) => {
  const makeRequest = requestMaker({ visitors, events: 1, name: `${randomUUID()}-` });
  await closedLoop({ port: server.port, makeRequest, requests: visitors, clients: 64 });
  while (stub.events < visitors) await sleep(20);
  const found = busiest(stub.perShard.map(({ events }) => events));
  figure(`busiest shard over the mean, ${visitors} equal visitors`, round(found, 3), '<= 1.2', found <= 1.2);
});

/** Shares of the load by a hash of the visitor; weights of the k-th visitor 1/k. */
function zipf(ids, shardOf) {
  const loads = new Array(shards).fill(0);
  ids.forEach((id, k) => {
    loads[shardOf(id)] += 1 / (k + 1);
  });
  return busiest(loads);
}
const rounds = Array.from({ length: 21 }, () => {
  const ids = Array.from({ length: visitors }, () => randomUUID().replaceAll('-', ''));
  return {
    ours: zipf(ids, (id) => laneOf(hashOf(id), shards)),
    ideal: zipf(ids, (id) => createHash('sha256').update(id).digest()[0] % shards),
  };
});
const [ours, ideal] = ['ours', 'ideal'].map((name) => median(rounds.map((one) => one[name])));
figure(`Zipf visitors: busiest shard over the mean, median of ${rounds.length}`, round(ours, 2));
figure('Zipf visitors: the same with SHA-256', round(ideal, 2));
figure('Zipf visitors: ours over SHA-256', round(ours / ideal, 3), '<= 1.2', ours / ideal <= 1.2);
result.done();

// What Kinesis and Firehose bill over what is sent, on one shard, and how evenly visitors spread over 16.
//   npm run build && node bench/ingest-skew-and-cost.mjs [--seconds 10]
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { hashOf, laneOf } from '../ingest-server/dist/src/core/hash.js';
import { closedLoop, figure, median, openLoop, requestMaker, round, startIngest } from './ingest-process.mjs';
import { startStub } from './ingest-stub.mjs';
import { temporaryState } from './processes.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const seconds = Number(values.seconds);

async function withServer(shards, env, work) {
  const { state, remove } = temporaryState();
  const stub = await startStub({ shards });
  const server = await startIngest(stub, state, { MILLRACE_SHED_DELAY_MS: '0', ...env });
  try {
    return await work(stub, server);
  } finally {
    await server.stop();
    stub.close();
    remove();
  }
}

for (const [eventsPerSecond, eventsPerRequest] of [
  [500, 1],
  [500, 5],
  [1000, 10],
  [2000, 10],
]) {
  await withServer(1, { MILLRACE_LINGER_MS: '100' }, async (stub, server) => {
    const makeRequest = requestMaker({ visitors: 2_000, events: eventsPerRequest });
    const perSecond = eventsPerSecond / eventsPerRequest;
    const result = await openLoop({ port: server.port, makeRequest, perSecond, seconds });
    while (stub.events < result.accepted * eventsPerRequest) await sleep(20);
    const metrics = await server.metrics();
    const bytes = metrics.get('millrace_put_bytes_total');
    const kinesis = (metrics.get('millrace_put_payload_units_total') * 25_000) / bytes;
    const firehose = metrics.get('millrace_firehose_billed_bytes_total') / bytes;
    const dollars = ['kinesis', 'firehose'].map((service) =>
      metrics.get(`millrace_dollars_per_million_events{service="${service}"}`),
    );
    console.log(
      `${eventsPerSecond} events/s in requests of ${eventsPerRequest}, one shard, linger 100 ms: ${round(bytes / stub.records.taken)} bytes a record, ${round(dollars[0], 4)} + ${round(dollars[1], 4)} dollars per million events, p99 of a request ${round(result.p99)} ms`,
    );
    figure('  Firehose: billed over actual bytes', round(firehose, 3), '<= 1.25', firehose <= 1.25);
    figure('  Kinesis: payload units of 25 KB over actual bytes', round(kinesis, 3), '<= 1.25', kinesis <= 1.25);
  });
}

const visitors = 100_000;
const shards = 16;
const busiest = (loads) => Math.max(...loads) / (loads.reduce((sum, load) => sum + load, 0) / loads.length);

await withServer(shards, {}, async (stub, server) => {
  const makeRequest = requestMaker({ visitors, events: 1, name: `${randomUUID()}-` });
  await closedLoop({ port: server.port, makeRequest, requests: visitors, clients: 64 });
  while (stub.events < visitors) await sleep(20);
  const found = busiest(stub.perShard.map(({ events }) => events));
  figure(
    `busiest shard over the mean, ${visitors} equal visitors through the server`,
    round(found, 3),
    '<= 1.2',
    found <= 1.2,
  );
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
const [ours, ideal] = [median(rounds.map((one) => one.ours)), median(rounds.map((one) => one.ideal))];
console.log(
  `Zipf visitors, busiest over mean, median of ${rounds.length}: ${round(ours, 2)}, with SHA-256 ${round(ideal, 2)}`,
);
figure('  ours over ideal', round(ours / ideal, 3), '<= 1.2', ours / ideal <= 1.2);

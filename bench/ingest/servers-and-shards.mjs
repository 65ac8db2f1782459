// Real servers beside their simulation: processes with the ingest server, one stub of Kinesis with many shards, requests of 1 to 10 events at
// random times. What a fleet of hundreds does is only simulated (bench/fleet.mjs); this says how far the simulation can be trusted.
//
//   npm run build && node bench/ingest/servers-and-shards.mjs [--servers 6] [--shards 64] [--rate 5000] [--seconds 20] [--linger 250]
//     [--spread even,visitor] [--json FILE]
import { setTimeout as sleep } from 'node:timers/promises';
import { simulateFleet } from '../../ingest-server/dist/src/simulation/index.js';
import { temporaryState } from '../processes.mjs';
import { openResult, readOptions } from '../result.mjs';
import { quantile, round, sum } from '../statistics.mjs';
import { requestMaker } from './events.mjs';
import { startKinesisStub } from './kinesis-stub.mjs';
import { openLoop } from './load.mjs';
import { startServer } from './server-process.mjs';

const options = readOptions({
  servers: '6',
  shards: '64',
  rate: '5000',
  seconds: '20',
  linger: '250',
  spread: 'even,visitor',
});
const [servers, shards, rate, seconds, lingerMs] = ['servers', 'shards', 'rate', 'seconds', 'linger'].map((name) =>
  Number(options[name]),
);
const tolerance = 0.1;
const eventsPerRequest = { least: 1, most: 10 };
const meanEvents = (eventsPerRequest.least + eventsPerRequest.most) / 2;
/** Before it, lanes are not laid yet and code is not compiled. */
const warmUpSeconds = 4;
const result = openResult(`${servers} servers and ${shards} shards, beside their simulation`, options.json);

const putMs = () => 8 - 8 * Math.log(1 - Math.random());

/** What of the servers' metrics is billed, over all servers. */
async function billedBy(running) {
  const metrics = await Promise.all(running.map((server) => server.metrics()));
  const total = (name) => sum(metrics.map((one) => one.get(name) ?? 0));
  return {
    bytes: total('millrace_put_bytes_total'),
    units: total('millrace_put_payload_units_total'),
    firehose: total('millrace_firehose_billed_bytes_total'),
  };
}

async function measure(spread) {
  const { state, remove } = temporaryState();
  const stub = await startKinesisStub({ shards, shardBytesPerSecond: 1_000_000, check: 'none' });
  stub.delayMs = putMs;
  const running = await Promise.all(
    Array.from({ length: servers }, () =>
      startServer({
        folder: state,
        endpoint: stub.urls.http,
        env: { MILLRACE_SPREAD: spread, MILLRACE_LINGER_MS: String(lingerMs), MILLRACE_SHED_DELAY_MS: '0' },
      }),
    ),
  );
  try {
    const events = () => eventsPerRequest.least + Math.floor(Math.random() * eventsPerRequest.most);
    const load = (forSeconds) =>
      Promise.all(
        running.map(({ port }, index) =>
          openLoop({
            port,
            makeRequest: requestMaker({ visitors: 2_000, events, name: `v${index}-` }),
            perSecond: rate / servers / meanEvents,
            seconds: forSeconds,
            spaced: 'random',
          }),
        ),
      );
    await load(warmUpSeconds);
    const before = {
      taken: stub.records.taken,
      sent: stub.records.sent,
      events: stub.events,
      ...(await billedBy(running)),
    };
    const loads = await load(seconds);
    await sleep(1_000);
    const after = await billedBy(running);
    const records = stub.records.taken - before.taken;
    const bytes = after.bytes - before.bytes;
    const latencies = loads.flatMap((one) => one.latencies).sort((a, b) => a - b);
    return {
      eventBytes: Math.round(bytes / (stub.events - before.events)) - 1,
      answered: sum(loads.map(({ accepted }) => accepted)) / sum(loads.map(({ sent }) => sent)),
      late: Math.max(...loads.map(({ lateP99 }) => lateP99)),
      'events a record': (stub.events - before.events) / records,
      'bytes a record': bytes / records,
      'payload units of 25 KB over actual bytes': ((after.units - before.units) * 25_000) / bytes,
      'Firehose bills over actual bytes': (after.firehose - before.firehose) / bytes,
      'refused records, %': ((stub.records.sent - before.sent - records) / records) * 100,
      'acknowledged, p50, ms': quantile(latencies, 0.5),
      'acknowledged, p99, ms': quantile(latencies, 0.99),
    };
  } finally {
    await Promise.all(running.map((server) => server.stop()));
    stub.close();
    remove();
  }
}

async function simulate(spread, eventBytes) {
  const { taken, refused, acknowledgedMs } = await simulateFleet({
    servers,
    shards,
    settings: { spread, lingerMs, ackTimeoutMs: 2_000, maxQueuedBytes: 32 * 1024 * 1024, spoolMaxBytes: 2 ** 30 },
    traffic: [{ eventsPerSecond: rate, eventsPerRequest }],
    eventBytes,
    visitors: 2_000 * servers,
    zipf: 0,
    connectionMs: 0,
    depthSeconds: 1,
    shardShare: 1,
    lostAnswers: 0,
    warmUpMs: warmUpSeconds * 1_000,
    measuredMs: seconds * 1_000,
    settlingMs: 0,
    incidents: [],
    seed: 'servers and shards',
  });
  return {
    'events a record': taken.events / taken.records,
    'bytes a record': taken.bytes / taken.records,
    'payload units of 25 KB over actual bytes': (taken.payloadUnits * 25_000) / taken.bytes,
    'Firehose bills over actual bytes': taken.firehoseBytes / taken.bytes,
    'refused records, %': ((refused.records ?? 0) / taken.records) * 100,
    'acknowledged, p50, ms': acknowledgedMs.p50,
    'acknowledged, p99, ms': acknowledgedMs.p99,
  };
}

for (const spread of options.spread.split(',')) {
  const { answered, late, eventBytes, ...found } = await measure(spread);
  const expected = await simulate(spread, eventBytes);
  result.figure(`${spread}: answered with 200, %`, round(answered * 100, 2), '100', answered === 1);
  result.figure(`${spread}: a request was sent after its time by, p99, ms`, round(late));
  for (const [what, value] of Object.entries(found)) {
    // The times hold what the machine's other programs cost; the refusals are near 0.
    const isHeld = !what.includes('ms') && !what.includes('refused');
    const ratio = value / expected[what];
    result.figure(
      `${spread}: ${what}, real / simulated`,
      `${round(value, 2)} / ${round(expected[what], 2)}`,
      ...(isHeld ? [`within ${tolerance * 100} %`, Math.abs(ratio - 1) <= tolerance] : []),
    );
  }
}
result.done();

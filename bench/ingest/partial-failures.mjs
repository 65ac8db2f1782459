// Records that Kinesis refuses: a share of all, at random, and one shard that refuses everything.
//   npm run build && node bench/ingest/partial-failures.mjs [--seconds 8] [--rate 2000] [--json FILE]
import { setTimeout as sleep } from 'node:timers/promises';
import { openResult, readOptions } from '../result.mjs';
import { round, sum } from '../statistics.mjs';
import { requestMaker } from './events.mjs';
import { openLoop } from './load.mjs';
import { withIngestServer } from './server-process.mjs';

const options = readOptions({ seconds: '8', rate: '2000' });
const [seconds, rate] = [options.seconds, options.rate].map(Number);
const eventsPerRequest = 5;
const shards = 8;
const warmUpSeconds = 2;
const result = openResult(
  'Records that Kinesis refuses: what is sent again, and what the other shards take',
  options.json,
);

/** Runs the load against a stub that fails as told, and waits until all of it has arrived. */
const run = (failing) =>
  withIngestServer({ stub: { shards }, env: { MILLRACE_SHED_DELAY_MS: '0' } }, async (stub, server) => {
    const makeRequest = requestMaker({ visitors: 20_000, events: eventsPerRequest });
    const load = { port: server.port, makeRequest, perSecond: rate / eventsPerRequest };
    const warm = await openLoop({ ...load, seconds: warmUpSeconds });
    while (stub.events < warm.accepted * eventsPerRequest) await sleep(20);
    stub.failing = failing;
    const counts = () => ({
      records: { ...stub.records },
      bytes: { ...stub.bytes },
      events: stub.perShard.map(({ events }) => events),
    });
    const before = counts();
    const loaded = await openLoop({ ...load, seconds });
    const during = counts();
    stub.failing = () => false;
    const accepted = (warm.accepted + loaded.accepted) * eventsPerRequest;
    for (let i = 0; i < 1_500 && stub.ids.size < accepted; i++) await sleep(20);
    return {
      p99: loaded.p99,
      sent: during.records.sent - before.records.sent,
      taken: during.records.taken - before.records.taken,
      sentBytes: during.bytes.sent - before.bytes.sent,
      takenBytes: during.bytes.taken - before.bytes.taken,
      perShard: during.events.map((events, i) => events - before.events[i]),
      wrong: [accepted - stub.ids.size, stub.repeated, stub.outOfOrder],
    };
  });

const { figure } = result;
const judgeEvents = (what, wrong) =>
  figure(`${what}: events missing, sent twice, out of order`, wrong.join(', '), '0, 0, 0', sum(wrong) === 0);

for (const share of [0.01, 0.05, 0.1, 0.2, 0.5]) {
  const found = await run(() => Math.random() < share);
  // Each record fails with this share, so 1/(1-share) tries a record cannot be avoided.
  const least = 1 / (1 - share);
  const [records, bytes] = [found.sent / found.taken / least, found.sentBytes / found.takenBytes / least];
  const what = `${share * 100} % of the records fail`;
  figure(`${what}: p99 of a request, ms`, round(found.p99));
  figure(`${what}: records sent over the unavoidable`, round(records, 3), '<= 1.2', records <= 1.2);
  figure(`${what}: bytes sent over the unavoidable`, round(bytes, 3), '<= 1.2', bytes <= 1.2);
  judgeEvents(what, found.wrong);
}

const calm = await run(() => false);
const broken = await run((shard) => shard === 3);
const others = ({ perShard }) => sum(perShard) - perShard[3];
const lost = 1 - others(broken) / others(calm);
const refused = broken.sent - broken.taken;
const what = `one of ${shards} shards refuses everything`;
figure(`${what}: the other shards take less by, %`, round(lost * 100, 1), '< 10', lost < 0.1);
figure(`${what}: records sent to it meanwhile`, refused, '<= 5/s', refused <= 5 * seconds + 10);
judgeEvents(what, broken.wrong);
result.done();

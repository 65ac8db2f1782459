// Records that Kinesis refuses: a share of all, at random, and one shard that refuses everything.
//   npm run build && node bench/ingest-partial-failures.mjs [--seconds 8] [--rate 2000]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { figure, openLoop, requestMaker, round, startIngest } from './ingest-process.mjs';
import { startStub } from './ingest-stub.mjs';
import { temporaryState } from './processes.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '8' }, rate: { type: 'string', default: '2000' } },
});
const [seconds, rate] = [values.seconds, values.rate].map(Number);
const eventsPerRequest = 5;
const shards = 8;

/** Runs the load against a stub that fails as told, and waits until all of it has arrived. */
async function run(failing) {
  const { state, remove } = temporaryState();
  const stub = await startStub({ shards });
  const server = await startIngest(stub, state, { MILLRACE_SHED_DELAY_MS: '0' });
  const makeRequest = requestMaker({ visitors: 20_000, events: eventsPerRequest });
  const load = { port: server.port, makeRequest, perSecond: rate / eventsPerRequest };
  await openLoop({ ...load, seconds: 2 });
  while (stub.events < rate * 2) await sleep(20);
  stub.failing = failing;
  const counts = () => ({
    records: { ...stub.records },
    bytes: { ...stub.bytes },
    events: stub.perShard.map((shard) => shard.events),
  });
  const before = counts();
  const result = await openLoop({ ...load, seconds });
  const during = counts();
  stub.failing = () => false;
  const accepted = result.accepted * eventsPerRequest + rate * 2;
  for (let i = 0; i < 1_500 && stub.ids.size < accepted; i++) await sleep(20);
  const after = {
    ...result,
    sent: during.records.sent - before.records.sent,
    taken: during.records.taken - before.records.taken,
    sentBytes: during.bytes.sent - before.bytes.sent,
    takenBytes: during.bytes.taken - before.bytes.taken,
    perShard: during.events.map((events, i) => events - before.events[i]),
    missing: accepted - stub.ids.size,
    repeated: stub.repeated,
    outOfOrder: stub.outOfOrder,
  };
  await server.stop();
  stub.close();
  remove();
  return after;
}

for (const share of [0.01, 0.05, 0.1, 0.2, 0.5]) {
  const { sent, taken, sentBytes, takenBytes, missing, repeated, outOfOrder, p99 } = await run(
    () => Math.random() < share,
  );
  // Each record fails with this share, so 1/(1-share) tries a record cannot be avoided.
  const least = 1 / (1 - share);
  console.log(`${share * 100} % of the records fail: p99 of a request ${round(p99)} ms`);
  figure('  records sent over the unavoidable', round(sent / taken / least, 3), '<= 1.2', sent / taken / least <= 1.2);
  figure(
    '  bytes sent over the unavoidable',
    round(sentBytes / takenBytes / least, 3),
    '<= 1.2',
    sentBytes / takenBytes / least <= 1.2,
  );
  figure(
    '  events missing, sent twice, out of order',
    `${missing} ${repeated} ${outOfOrder}`,
    '0 0 0',
    missing + repeated + outOfOrder === 0,
  );
}

const calm = await run(() => false);
const broken = await run((shard) => shard === 3);
const others = (perShard) => perShard.reduce((sum, events, shard) => sum + (shard === 3 ? 0 : events), 0);
const lost = 1 - others(broken.perShard) / others(calm.perShard);
console.log(`one of ${shards} shards refuses everything: it took ${broken.perShard[3]} events, and the rest later`);
figure('  what the other shards take less, %', round(lost * 100, 1), '< 10', lost < 0.1);
figure(
  '  records sent to it while it refused',
  broken.sent - broken.taken,
  `<= 5/s`,
  broken.sent - broken.taken <= 5 * seconds + 10,
);
figure(
  '  events missing, sent twice, out of order',
  `${broken.missing} ${broken.repeated} ${broken.outOfOrder}`,
  '0 0 0',
  broken.missing + broken.repeated + broken.outOfOrder === 0,
);

// More than can be done, in an open loop: more than Kinesis takes, and more than the processor does.
//   npm run build && node bench/ingest-overload.mjs [--seconds 12]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closedLoop, figure, openLoop, requestMaker, round, startIngest, watchMemory } from './ingest-process.mjs';
import { startStub } from './ingest-stub.mjs';
import { temporaryState } from './processes.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '12' } } });
const seconds = Number(values.seconds);
const eventsPerRequest = 10;

/** How long requests took inside the server: the bucket that holds 99 % of them, in milliseconds. */
function within(metrics, outcome) {
  const series = 'millrace_request_duration_seconds';
  const count = metrics.get(`${series}_count{outcome="${outcome}"}`) ?? 0;
  for (const [name, value] of metrics) {
    const bound = new RegExp(`_bucket\\{le="([^"]+)",outcome="${outcome}"\\}`).exec(name)?.[1];
    if (bound !== undefined && value >= count * 0.99) return Number(bound) * 1000;
  }
  return 0;
}

async function withServer(stubOptions, env, work) {
  const { state, remove } = temporaryState();
  const stub = await startStub({ checked: false, ...stubOptions });
  const server = await startIngest(stub, state, env);
  try {
    await work(stub, server);
  } finally {
    await server.stop();
    stub.close();
    remove();
  }
}

// A stream that takes less than AWS's, so that the processor is not the limit, and a spool so small that it is full before the end.
const takesBytesPerSecond = 600_000;
await withServer(
  { shards: 2, shardBytesPerSecond: takesBytesPerSecond / 2 },
  { MILLRACE_SPOOL_MAX_BYTES: String(8 * 2 ** 20) },
  async (stub, server) => {
    const makeRequest = requestMaker({ visitors: 20_000, events: eventsPerRequest });
    const load = { port: server.port, makeRequest, seconds };
    const goodput = async (perSecond) => {
      const [from, began] = [stub.events, performance.now()];
      let until;
      const result = await openLoop({ ...load, perSecond, onSent: () => (until = [stub.events, performance.now()]) });
      return { ...result, events: ((until[0] - from) / (until[1] - began)) * 1000 };
    };
    const takes = takesBytesPerSecond / 570 / eventsPerRequest;
    await goodput(takes / 4);
    let peak = 0;
    for (const share of [0.9, 1.1]) {
      peak = Math.max(peak, (await goodput(takes * share)).events);
      while ((await server.metrics()).get('millrace_spool_events') > 0) await sleep(100);
    }
    const memory = watchMemory(server);
    const over = await goodput(takes * 5);
    const grown = memory.stop();
    console.log(
      `Kinesis takes ${round(peak)} events/s at most; offered ${round(takes * 5 * eventsPerRequest)}: statuses ${JSON.stringify(over.statuses)}, p50 of accepted ${round(over.p50)} ms`,
    );
    figure(
      '  goodput at 5 x what Kinesis takes, of the peak, %',
      round((over.events / peak) * 100),
      '>= 90',
      over.events >= 0.9 * peak,
    );
    figure('  p99 of accepted, ms', round(over.p99), '<= 250', over.p99 <= 250);
    const metrics = await server.metrics();
    console.log(`  99 % of the accepted ones took at most ${within(metrics, 'accepted')} ms inside the server`);
    const refused = within(metrics, 'refused');
    figure('  99 % of refusals inside the server within, ms', refused, '<= 5', refused <= 5);
    figure('  memory grew, MiB', round(grown.grownMiB), '<= 64', grown.grownMiB <= 64);
  },
);

await withServer({ shards: 8 }, {}, async (_stub, server) => {
  const makeRequest = requestMaker({ visitors: 20_000, events: eventsPerRequest });
  const load = { port: server.port, makeRequest };
  await closedLoop({ ...load, seconds: 4 });
  // The peak: as many clients as fill it, none of whom is refused often.
  let peak = 0;
  for (const clients of [16, 32, 64])
    peak = Math.max(peak, (await closedLoop({ ...load, clients, seconds: 4 })).perSecond);
  const memory = watchMemory(server);
  const over = await openLoop({ ...load, perSecond: peak * 1.5, seconds });
  const grown = memory.stop();
  const good = over.accepted / over.sendingSeconds;
  console.log(
    `The processor does ${round(peak * eventsPerRequest)} events/s at most; offered ${round((over.sent / over.sendingSeconds) * eventsPerRequest)}: statuses ${JSON.stringify(over.statuses)}, p50 of accepted ${round(over.p50)} ms`,
  );
  figure(
    '  goodput at 1.5 x what the processor does, of the peak, %',
    round((good / peak) * 100),
    '>= 60',
    good >= 0.6 * peak,
  );
  figure('  p99 of accepted, ms', round(over.p99), '<= 250', over.p99 <= 250);
  const metrics = await server.metrics();
  console.log(`  99 % of the accepted ones took at most ${within(metrics, 'accepted')} ms inside the server`);
  const refused = within(metrics, 'refused');
  figure('  99 % of refusals inside the server within, ms', refused, '<= 5', refused <= 5);
  figure('  memory grew, MiB', round(grown.grownMiB), '<= 64', grown.grownMiB <= 64);
});

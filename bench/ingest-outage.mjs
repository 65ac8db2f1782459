// Kinesis is gone for 10 minutes at 2,000 events/s, compressed: the same events, as fast as 32 clients get them acknowledged. Then it is
// back, with AWS's shard limits, while events go on to arrive at the real rate.
//   npm run build && node bench/ingest-outage.mjs [--minutes 10] [--rate 2000] [--put-ms 30]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closedLoop, figure, openLoop, requestMaker, round, startIngest, watchMemory } from './ingest-process.mjs';
import { startStub } from './ingest-stub.mjs';
import { temporaryState } from './processes.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '2000' },
    // What a put takes: over loopback next to nothing, and a drain that is quick there need not be so in a region.
    'put-ms': { type: 'string', default: '30' },
  },
});
const [minutes, rate] = [values.minutes, values.rate].map(Number);
const eventsPerRequest = 20;
const { state, remove } = temporaryState();
const stub = await startStub({ shards: 16, shardBytesPerSecond: 1e6 });
stub.delayMs = Number(values['put-ms']);
// The machine may be busy: what is measured here is not how quickly the event loop turns.
const server = await startIngest(stub, state, { MILLRACE_SHED_DELAY_MS: '0' });
const makeRequest = requestMaker({ visitors: 5_000, events: eventsPerRequest });
const load = { port: server.port, makeRequest };

try {
  // So that what a warm process holds anyway is not counted.
  const warm = await closedLoop({ ...load, requests: 6_000 });
  const memory = watchMemory(server);
  stub.down = true;
  const outage = await closedLoop({ ...load, requests: (minutes * 60 * rate) / eventsPerRequest });
  const spooled = (await server.metrics()).get('millrace_spool_events');
  stub.down = false;
  // Until the first call gets through, the server does not know.
  while (stub.events <= warm.accepted * eventsPerRequest) await sleep(20);
  const [from, began, cpuFrom] = [stub.events, performance.now(), server.usage().cpuSeconds];
  const after = openLoop({ ...load, perSecond: rate / eventsPerRequest, seconds: 20 });
  // What arrives meanwhile goes through the spool, too: what is left then is no backlog.
  while ((await server.metrics()).get('millrace_spool_events') > rate / 4) await sleep(50);
  const drained = (stub.events - from) / ((performance.now() - began) / 1000);
  const cpuMicroseconds = ((server.usage().cpuSeconds - cpuFrom) / (stub.events - from)) * 1e6;
  const arrived = await after;
  const grown = memory.stop();
  const sent = [warm, outage, arrived].reduce((sum, { accepted }) => sum + accepted, 0) * eventsPerRequest;
  for (let i = 0; i < 500 && stub.ids.size < sent; i++) await sleep(20);

  console.log(
    `${outage.accepted * eventsPerRequest} events acknowledged in an outage of ${minutes} min at ${rate} events/s, compressed to ${round(outage.tookSeconds)} s; ${spooled} of them in the spool at its end; p99 of a request ${round(outage.p99)} ms`,
  );
  figure('memory grew, MiB', round(grown.grownMiB, 1), '<= 64', grown.grownMiB <= 64);
  // A request whose answer came after the bench had stopped waiting counts as not acknowledged.
  const missing = Math.max(0, sent - stub.ids.size);
  figure('acknowledged events missing afterwards', missing, '0', missing === 0);
  figure('events out of their visitor’s order', stub.outOfOrder, '0', stub.outOfOrder === 0);
  figure('events sent twice', stub.repeated, '<= 0.1 %', stub.repeated <= sent / 1000);
  // Says what the server needs, also on a machine that is busy with other things.
  console.log(`drained ${round(drained)} events/s, with ${round(cpuMicroseconds, 1)} µs of CPU an event`);
  figure('drained at so many times the arrival rate', round(drained / rate, 1), '>= 5', drained >= 5 * rate);
  figure('requests refused in the outage', outage.refused, '0', outage.refused === 0);
} finally {
  await server.stop();
  stub.close();
  remove();
}

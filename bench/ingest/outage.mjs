// Kinesis is gone for 10 minutes at 2,000 events/s, compressed: the same events, as fast as 32 clients get them acknowledged. Then it is
// back, with AWS's shard limits, while events go on to arrive at the real rate.
//   npm run build && node bench/ingest/outage.mjs [--minutes 10] [--rate 2000] [--put-ms 30] [--json FILE]
import { setTimeout as sleep } from 'node:timers/promises';
import { openResult, readOptions } from '../result.mjs';
import { round, sum } from '../statistics.mjs';
import { requestMaker } from './events.mjs';
import { closedLoop, openLoop } from './load.mjs';
import { withIngestServer } from './server-process.mjs';

// A put over loopback takes next to nothing; in a region it takes about 30 ms, and that decides how fast a spool drains.
const options = readOptions({ minutes: '10', rate: '2000', 'put-ms': '30' });
const [minutes, rate, delayMs] = [options.minutes, options.rate, options['put-ms']].map(Number);
const eventsPerRequest = 20;
const result = openResult(
  'Ten minutes without Kinesis, compressed: memory, what arrives afterwards, how fast the spool drains',
  options.json,
);
// The machine may be busy: how quickly the event loop turns is not measured here.
const setUp = { stub: { shards: 16, shardBytesPerSecond: 1e6, delayMs }, env: { MILLRACE_SHED_DELAY_MS: '0' } };

await withIngestServer(setUp, async (stub, server) => {
  const load = { port: server.port, makeRequest: requestMaker({ visitors: 5_000, events: eventsPerRequest }) };
  const waiting = async () => (await server.metrics()).get('millrace_spool_events');

  // What a warm process holds anyway is not counted.
  const warm = await closedLoop({ ...load, requests: 6_000 });
  const memory = server.watchMemory();
  stub.down = 'closed';
  const outage = await closedLoop({ ...load, requests: (minutes * 60 * rate) / eventsPerRequest });
  const spooled = await waiting();
  stub.down = false;
  // Until the first call gets through, the server does not know.
  while (stub.events <= warm.accepted * eventsPerRequest) await sleep(20);
  const [from, began, cpuFrom] = [stub.events, performance.now(), server.usage().cpuSeconds];
  const after = openLoop({ ...load, perSecond: rate / eventsPerRequest, seconds: 20 });
  // What arrives meanwhile goes through the spool, too: what is left then is no backlog.
  while ((await waiting()) > rate / 4) await sleep(50);
  const drained = (stub.events - from) / ((performance.now() - began) / 1000);
  const cpuMicroseconds = ((server.usage().cpuSeconds - cpuFrom) / (stub.events - from)) * 1e6;
  const arrived = await after;
  const { grownMiB } = memory.stop();
  const sent = sum([warm, outage, arrived].map(({ accepted }) => accepted)) * eventsPerRequest;
  for (let i = 0; i < 500 && stub.ids.size < sent; i++) await sleep(20);

  const { figure } = result;
  figure('outage, minutes at events/s', `${minutes} at ${rate}`);
  figure('compressed to, s', round(outage.tookSeconds));
  figure('events acknowledged in the outage', outage.accepted * eventsPerRequest);
  figure('of them in the spool at its end', spooled);
  figure('p99 of a request in the outage, ms', round(outage.p99));
  figure('memory grew, MiB', round(grownMiB, 1), '<= 64', grownMiB <= 64);
  // A request whose answer came after the bench had stopped waiting counts as not acknowledged.
  const missing = Math.max(0, sent - stub.ids.size);
  figure('acknowledged events missing afterwards', missing, '0', missing === 0);
  figure('events out of their visitor’s order', stub.outOfOrder, '0', stub.outOfOrder === 0);
  figure('events sent twice', stub.repeated, '<= 0.1 %', stub.repeated <= sent / 1000);
  figure('drained, events/s', round(drained));
  // What the server needs, also on a machine that is busy with other things.
  figure('CPU an event while draining, µs', round(cpuMicroseconds, 1));
  figure('drained at a multiple of the arrival rate', round(drained / rate, 1), '>= 5', drained >= 5 * rate);
  figure('requests refused in the outage', outage.refused, '0', outage.refused === 0);
});
result.done();

// What a request of 10 events costs the ingest server, in CPU time of its process, beside what others would pay and a floor that stores nothing.
// Kinesis is a stub in this process that checks what it gets: every event, once at least, before its answer.
//
//   npm run build && node bench/ingest/run.mjs [--rounds 5] [--requests 6000] [--connections 256] [--only floor,millrace]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startKinesisStub } from './kinesis-stub.mjs';
import { send } from './load.mjs';
import { hasNginx, startNginx } from './nginx.mjs';
import { eventsPerRequest, makeRequests } from './requests.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '6000' },
    connections: { type: 'string', default: '256' },
    only: { type: 'string' },
  },
});
const connections = Number(values.connections);
const measured = Number(values.requests);
const warmUp = Math.ceil(measured / 2);

/** `share` of the requests is enough where each costs much; `puts` says where the events must be when they are answered. */
const servers = [
  { name: 'nginx', skip: !hasNginx },
  { name: 'node-http' },
  { name: 'floor', file: 'fastify' },
  { name: 'naive', endpoint: 'http2', puts: 'before', share: 1 / 6 },
  { name: 'batched', endpoint: 'http', puts: 'before' },
  { name: 'batched-packed', file: 'batched', endpoint: 'http', puts: 'before', env: { BENCH_PACKED: '1' } },
  { name: 'millrace', endpoint: 'http', puts: 'before' },
  { name: 'millrace-tls', file: 'millrace', endpoint: 'https', puts: 'before', env: { MILLRACE_LINGER_MS: '0' } },
  { name: 'millrace-spool', file: 'millrace', endpoint: 'http', puts: 'afterwards' },
].filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
const stub = await startKinesisStub();
writeFileSync(join(folder, 'ca.pem'), stub.certificate);
const { requests, ids } = makeRequests(warmUp + measured);

async function startServer({ name, file = name, endpoint = 'http', env = {} }) {
  if (name === 'nginx') return startNginx();
  const child = fork(fileURLToPath(new URL(`servers/${file}.mjs`, import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: process.env.BENCH_EXEC_ARGV?.split(' ') ?? [],
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: '1',
      AWS_ENDPOINT_URL: stub.urls[endpoint],
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MILLRACE_HOST: '127.0.0.1',
      MILLRACE_PORT: '0',
      MILLRACE_WRITE_KEYS: 'demo',
      MILLRACE_ORIGINS: 'http://shop.example',
      // Where something else on this machine holds it up it refuses nothing and spools nothing: every request must be paid for in full.
      MILLRACE_SHED_DELAY_MS: '10000',
      MILLRACE_ACK_TIMEOUT_MS: '10000',
      MILLRACE_SPOOL_FOLDER: mkdtempSync(join(folder, 'spool-')),
      ...env,
    },
  });
  const [{ port }] = await once(child, 'message');
  return {
    port,
    async usage() {
      child.send('usage');
      const [found] = await once(child, 'message');
      return found;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** Until the stub has everything: what waits in the spool drains. */
async function allArrived(wanted) {
  for (let waited = 0; stub.counts.records === 0 || stub.arrivals().size < wanted; waited += 200) {
    if (waited > 60_000) throw new Error(`only ${stub.arrivals().size} of ${wanted} events arrived`);
    await sleep(200);
  }
}

async function measure(server) {
  const { puts, share = 1 } = server;
  stub.reset();
  stub.setDown(false);
  const running = await startServer(server);
  const answeredAt = new Map();
  let failed = 0;
  const post = (from, count) =>
    send({
      port: running.port,
      requests: requests.slice(from, from + count),
      connections,
      answered(index, status, body) {
        if (status !== 200) failed += 1;
        else if (!body.includes(`"accepted":${eventsPerRequest}`)) throw new Error(`${server.name}: ${body}`);
        else answeredAt.set(from + index, performance.now());
      },
    });
  const begin = Math.ceil(warmUp * share);
  const count = Math.ceil(measured * share);
  await post(0, Math.ceil(begin / 2));
  if (puts === 'afterwards') stub.setDown(true);
  await post(Math.ceil(begin / 2), begin - Math.ceil(begin / 2));
  const before = await running.usage();
  const counts = { ...stub.counts };
  const since = performance.now();
  await post(begin, count);
  const seconds = (performance.now() - since) / 1000;
  const after = await running.usage();
  const { puts: put, records, handshakes } = stub.counts;
  if (puts === 'afterwards') {
    stub.setDown(false);
    await allArrived(answeredAt.size * eventsPerRequest);
  }
  if (puts !== undefined) {
    const arrivals = stub.arrivals();
    for (const [index, at] of answeredAt) {
      for (const id of ids[index]) {
        const arrived = arrivals.get(id);
        if (arrived === undefined) throw new Error(`${server.name} lost ${id}`);
        if (puts === 'before' && arrived > at) throw new Error(`${server.name} answered before Kinesis had ${id}`);
      }
    }
  }
  await running.stop();
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / count,
    requestsPerSecond: count / seconds,
    rssMb: after.rssBytes / 2 ** 20,
    puts: put - counts.puts,
    requestsPerPut: puts === 'before' ? count / (put - counts.puts) : undefined,
    eventsPerRecord: puts === 'before' ? (count * eventsPerRequest) / (records - counts.records) : undefined,
    handshakes,
    failed,
  };
}

const runs = new Map(servers.map(({ name }) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const server of servers) {
    if (server.skip) continue;
    const run = await measure(server);
    runs.get(server.name).push(run);
    process.stderr.write(`round ${round + 1} ${server.name.padEnd(15)} ${run.cpuUs.toFixed(1)} us\n`);
  }
}
stub.close();

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const round = (value, digits = 0) => (value === undefined ? undefined : Number(value.toFixed(digits)));
const cpu = Object.fromEntries(
  [...runs].filter(([, of]) => of.length > 0).map(([name, of]) => [name, median(of.map(({ cpuUs }) => cpuUs))]),
);
const sum = (name, field) => runs.get(name)?.reduce((total, run) => total + run[field], 0);
console.log(
  JSON.stringify(
    {
      node: process.version,
      connections,
      requests_a_round: measured,
      rounds: Number(values.rounds),
      events_a_request: eventsPerRequest,
      bytes_an_event: round((requests[0].length - requests[0].indexOf('\r\n\r\n') - 4) / eventsPerRequest),
      servers: Object.fromEntries(
        [...runs].map(([name, of]) => [
          name,
          of.length === 0
            ? 'not installed'
            : {
                cpu_us_per_request: round(cpu[name], 1),
                events_per_cpu_second: round((eventsPerRequest * 1e6) / cpu[name]),
                times_the_floor: round(cpu[name] / cpu.floor, 2),
                rss_mb: round(median(of.map(({ rssMb }) => rssMb))),
                requests_per_put: round(median(of.map(({ requestsPerPut }) => requestsPerPut))),
                events_per_record: round(median(of.map(({ eventsPerRecord }) => eventsPerRecord))),
                failed_requests: sum(name, 'failed'),
              },
        ]),
      ),
      ratios: {
        'events per CPU second, millrace : naive (>= 10)': round(cpu.naive / cpu.millrace, 1),
        'events per CPU second, millrace : batched (>= 1.8)': round(cpu.batched / cpu.millrace, 2),
        'events per CPU second, millrace : batched-packed': round(cpu['batched-packed'] / cpu.millrace, 2),
        'CPU, millrace : floor (<= 2.5, aim 2)': round(cpu.millrace / cpu.floor, 2),
        'CPU, millrace-spool : floor (<= 3)': round(cpu['millrace-spool'] / cpu.floor, 2),
      },
      tls: runs.has('millrace-tls') && {
        puts: sum('millrace-tls', 'puts'),
        handshakes: sum('millrace-tls', 'handshakes'),
      },
    },
    null,
    2,
  ),
);

// What a request of 10 events costs the ingest server, in CPU time of its process, beside what others would pay and a floor that stores nothing.
// Kinesis is a stub in this process that checks what it gets: every event, once at least, before its answer.
//
//   npm run build && node bench/ingest/cost.mjs [--rounds 5] [--requests 6000] [--connections 256] [--only floor,millrace] [--json FILE]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryState } from '../processes.mjs';
import { openResult, readOptions } from '../result.mjs';
import { median, round, sum } from '../statistics.mjs';
import { startKinesisStub } from './kinesis-stub.mjs';
import { closedLoop } from './load.mjs';
import { hasNginx, startNginx } from './nginx.mjs';
import { eventsPerRequest, makeRequests } from './requests.mjs';
import { startServer as startProcess } from './server-process.mjs';

const options = readOptions({ rounds: '5', requests: '6000', connections: '256', only: undefined });
const clients = Number(options.connections);
const measured = Number(options.requests);
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
].filter(({ name }) => options.only === undefined || options.only.split(',').includes(name));

const { state: folder, remove } = temporaryState();
process.on('exit', remove);
const stub = await startKinesisStub({ check: 'later', delayMs: 0 });
writeFileSync(join(folder, 'ca.pem'), stub.certificate);
const { requests, ids } = makeRequests(warmUp + measured);

function startServer({ name, file = name, endpoint = 'http', env = {} }) {
  if (name === 'nginx') return startNginx();
  return startProcess({
    file,
    folder,
    endpoint: stub.urls[endpoint],
    env: {
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      MILLRACE_ORIGINS: 'http://shop.example',
      // Where something else on this machine holds it up it refuses nothing and spools nothing: every request must be paid for in full.
      MILLRACE_SHED_DELAY_MS: '10000',
      MILLRACE_ACK_TIMEOUT_MS: '10000',
      ...env,
    },
  });
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
  stub.down = false;
  const running = await startServer(server);
  const answeredAt = new Map();
  let failed = 0;
  const post = (from, count) =>
    closedLoop({
      port: running.port,
      clients,
      requests: count,
      makeRequest: (index) => requests[from + index],
      onAnswer(index, status, body) {
        if (status !== 200) failed += 1;
        else if (!body.includes(`"accepted":${eventsPerRequest}`)) throw new Error(`${server.name}: ${body}`);
        else answeredAt.set(from + index, performance.now());
      },
    });
  const begin = Math.ceil(warmUp * share);
  const count = Math.ceil(measured * share);
  await post(0, Math.ceil(begin / 2));
  if (puts === 'afterwards') stub.down = 'error';
  await post(Math.ceil(begin / 2), begin - Math.ceil(begin / 2));
  const before = running.usage();
  const counts = { ...stub.counts };
  const since = performance.now();
  await post(begin, count);
  const seconds = (performance.now() - since) / 1000;
  const after = running.usage();
  const { puts: put, records, handshakes } = stub.counts;
  if (puts === 'afterwards') {
    stub.down = false;
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
    cpuUs: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / count,
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
for (let turn = 0; turn < Number(options.rounds); turn++) {
  for (const server of servers) {
    if (server.skip) continue;
    const run = await measure(server);
    runs.get(server.name).push(run);
    process.stderr.write(`round ${turn + 1} ${server.name.padEnd(15)} ${run.cpuUs.toFixed(1)} us\n`);
  }
}
stub.close();

const result = openResult('CPU time of the ingest server per request of 10 events, beside other servers', options.json);
const { figure } = result;
const bytes = requests[0].length - requests[0].indexOf('\r\n\r\n') - 4;
figure('rounds, requests a round, connections', [options.rounds, measured, clients].join(', '));
figure('bytes an event', round(bytes / eventsPerRequest));
const cpu = {};
for (const [name, of] of runs) {
  if (of.length === 0) {
    figure(name, 'not installed');
    continue;
  }
  const middle = (field) => median(of.map((run) => run[field]));
  cpu[name] = middle('cpuUs');
  figure(`${name}: CPU a request, µs`, round(cpu[name], 1));
  figure(`${name}: events per CPU second`, round((eventsPerRequest * 1e6) / cpu[name]));
  figure(`${name}: memory, MiB`, round(middle('rssMb')));
  if (of[0].requestsPerPut !== undefined) {
    figure(`${name}: requests a PutRecords call`, round(middle('requestsPerPut'), 1));
    figure(`${name}: events a record`, round(middle('eventsPerRecord'), 1));
  }
  const failed = sum(of.map((run) => run.failed));
  figure(`${name}: requests that failed`, failed, '0', failed === 0);
}

/** The CPU time of one server as a multiple of another's, where both were measured. */
function ratio(what, name, base, limit, isGood) {
  if (cpu[name] === undefined || cpu[base] === undefined) return;
  const value = cpu[name] / cpu[base];
  figure(`CPU, ${what}`, round(value, 2), limit, isGood?.(value));
}
for (const name of Object.keys(cpu).filter((one) => !/^(floor|millrace)/.test(one)))
  ratio(`${name} over the floor`, name, 'floor');
ratio('millrace over the floor', 'millrace', 'floor', '<= 2.5', (value) => value <= 2.5);
ratio('millrace with its spool over the floor', 'millrace-spool', 'floor', '<= 3', (value) => value <= 3);
ratio('naive over millrace', 'naive', 'millrace', '>= 10', (value) => value >= 10);
ratio('batched over millrace', 'batched', 'millrace', '>= 1.8', (value) => value >= 1.8);
ratio('batched and packed over millrace', 'batched-packed', 'millrace');
if (runs.has('millrace-tls')) {
  const all = (field) => sum(runs.get('millrace-tls').map((run) => run[field]));
  figure('millrace-tls: PutRecords calls', all('puts'));
  figure('millrace-tls: TLS handshakes', all('handshakes'));
}
result.done();

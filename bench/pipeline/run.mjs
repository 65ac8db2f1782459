// One run: a project with an empty state takes all requests, and its objects are counted.
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { eventsPerRequest } from '../ingest/requests.mjs';
import { lakeObjects, processTree, proportionalBytes, serve, temporaryState, usage } from '../processes.mjs';
import { quantile, round, sum } from '../statistics.mjs';
import { probeEndpoint } from './probe.mjs';

/** Resolves when as many rows as events lie in objects. @returns when the last of these was written, in milliseconds since 1970 */
async function allDelivered(state, events) {
  const counted = new Map();
  for (let waited = 0; waited < 180_000; waited += 200) {
    for (const file of lakeObjects(state))
      if (!counted.has(file) && !file.includes('page=_')) {
        const rows = gunzipSync(readFileSync(file)).toString('latin1').split('\n').length - 1;
        counted.set(file, { rows, writtenMs: statSync(file).mtimeMs });
      }
    const found = [...counted.values()];
    const rows = sum(found.map(({ rows }) => rows));
    if (rows > events) throw new Error(`${rows} rows of ${events} events`);
    if (rows === events) return Math.max(...found.map(({ writtenMs }) => writtenMs));
    await sleep(200);
  }
  throw new Error(`not all of ${events} events were delivered`);
}

/** This share of the events comes before the measurement. */
const warmUpShare = 0.2;

const cpuOf = (pids) => sum(pids.map((pid) => usage(pid).cpuSeconds));

/**
 * @param loop `fastest`: each of `clients` waits for its answer; `atRate`: requests come at `rate` events a second
 * @param profile a folder for CPU profiles of every thread
 */
export async function measureRun({ project, load, loop, events, rate, shards, clients, profile }) {
  const { state, remove } = temporaryState();
  const server = await serve(
    state,
    ['dev', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0', '--shards', String(shards)],
    ['aws', 'ingest', 'store'],
    { project, nodeArgs: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [] },
  );
  const port = Number(new URL(server.urls.ingest).port);
  const pids = processTree(server.pid);
  let memory = 0;
  const sampler = setInterval(() => {
    memory = Math.max(memory, proportionalBytes(pids));
  }, 500);
  const probe = probeEndpoint(server.urls.aws);
  try {
    // What is compiled and grown once is no cost of an event.
    const from = Math.ceil((events / eventsPerRequest) * warmUpShare);
    const warm = await load.closed({ port, clients, requests: from });
    await allDelivered(state, from * eventsPerRequest);
    const requests = Math.ceil(events / eventsPerRequest) - from;
    const measured = requests * eventsPerRequest;
    probe.begin();
    const before = cpuOf(pids);
    const beganMs = Date.now();
    const sent =
      loop === 'fastest'
        ? await load.closed({ port, clients, requests, from })
        : await load.open({
            port,
            from,
            connections: clients,
            perSecond: rate / eventsPerRequest,
            seconds: requests / (rate / eventsPerRequest),
          });
    const answeredMs = Date.now();
    if (sent.accepted !== requests || warm.accepted !== from)
      throw new Error(`${warm.accepted + sent.accepted} of ${from + requests} requests were accepted`);
    const latencies = probe.stop();
    const lastMs = await allDelivered(state, events);
    const cpuSeconds = cpuOf(pids) - before;
    return {
      acknowledged: round((measured / (answeredMs - beganMs)) * 1000),
      delivered: round((measured / (lastMs - beganMs)) * 1000),
      lastObjectSeconds: round((lastMs - answeredMs) / 1000, 1),
      cpuMicros: round((cpuSeconds / measured) * 1e6, 1),
      loadMicros: round((sent.cpuSeconds / measured) * 1e6, 1),
      memory: round(memory / 1e6),
      describe95: round(quantile(latencies, 0.95), 1),
      ...(sent.latencies ? { answer95: round(quantile(sent.latencies, 0.95), 1) } : {}),
    };
  } finally {
    probe.stop();
    clearInterval(sampler);
    await server.stop();
    remove();
  }
}

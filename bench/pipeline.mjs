// Events/s, CPU and memory through the whole of Millrace: HTTP → ingest → Kinesis → Firehose → objects in S3, all on this machine.
// usage: node bench/pipeline.mjs [EVENTS=200000] [EVENTS_PER_SECOND=20000] [one|three]   (one process as `npm start`, or a process a part)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { lakeObjects, millraceBin, serve, temporaryState, usage } from './processes.mjs';

const events = Number(process.argv[2] ?? 200_000);
const rate = Number(process.argv[3] ?? 20_000);
const layout = process.argv[4] ?? 'one';

const { state, remove } = temporaryState();
const servers =
  layout === 'one'
    ? [
        await serve(
          state,
          ['dev', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0'],
          ['aws', 'ingest', 'store'],
        ),
      ]
    : [await serve(state, ['aws', '--port', '0'], ['aws']), await serve(state, ['ingest', '--port', '0'], ['ingest'])];
const url = servers.at(-1).urls.ingest;

const peak = { servers: 0, generator: 0 };
const idle = servers.map((server) => usage(server.pid));
let generator;
const sampler = setInterval(() => {
  peak.servers = Math.max(
    peak.servers,
    servers.reduce((sum, server) => sum + usage(server.pid).rssBytes, 0),
  );
  try {
    peak.generator = Math.max(peak.generator, usage(generator.pid).rssBytes);
    generatorCpu = usage(generator.pid).cpuSeconds;
  } catch {
    // It has ended.
  }
}, 100);
let generatorCpu = 0;

const counted = new Map();
const countRows = () => {
  for (const file of lakeObjects(state)) {
    if (!counted.has(file)) counted.set(file, gunzipSync(readFileSync(file)).toString('latin1').split('\n').length - 1);
  }
  let rows = 0;
  for (const count of counted.values()) rows += count;
  return rows;
};

try {
  const began = performance.now();
  generator = spawn(
    process.execPath,
    [millraceBin, 'generate', '--to', url, '--count', events, '--rate', rate, '--seed', '1', '--json'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, MILLRACE_STATE: state },
    },
  );
  const [code] = await once(generator, 'exit');
  if (code !== 0) throw new Error(`the generator ended with ${code}`);
  const acknowledged = performance.now();
  let rows = 0;
  while (rows < events && performance.now() - acknowledged < 120_000) {
    await sleep(200);
    rows = countRows();
  }
  const delivered = performance.now();
  const cpuSeconds = servers.reduce(
    (sum, server, index) => sum + usage(server.pid).cpuSeconds - idle[index].cpuSeconds,
    0,
  );
  console.log(
    JSON.stringify(
      {
        date: new Date().toISOString().slice(0, 10),
        layout,
        events,
        rows,
        offered_events_per_second: rate,
        acknowledged_events_per_second: Math.round((events / (acknowledged - began)) * 1000),
        delivered_events_per_second: Math.round((rows / (delivered - began)) * 1000),
        server_cpu_us_per_event: Math.round((cpuSeconds / events) * 1e6 * 10) / 10,
        generator_cpu_us_per_event: Math.round((generatorCpu / events) * 1e6 * 10) / 10,
        objects: counted.size,
        peak_rss_mb: { servers: Math.round(peak.servers / 1e6), generator: Math.round(peak.generator / 1e6) },
      },
      null,
      2,
    ),
  );
} finally {
  clearInterval(sampler);
  for (const server of servers.reverse()) await server.stop();
  remove();
}

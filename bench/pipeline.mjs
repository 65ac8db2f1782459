// Events/s, CPU and memory through the whole of Millrace: HTTP → ingest → Kinesis → Firehose → objects in S3, all on this machine.
//   npm run build && node bench/pipeline.mjs [EVENTS=200000] [EVENTS_PER_SECOND=20000] [one|three] [--json FILE]
// `one`: one process, as `npm start`. `three`: the embedded AWS, the ingest server and the generator each in its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { lakeObjects, millraceBin, serve, temporaryState, usage } from './processes.mjs';
import { openResult, readOptions } from './result.mjs';
import { round, sum } from './statistics.mjs';

const options = readOptions(
  {},
  {
    positionals: [
      ['events', '200000'],
      ['rate', '20000'],
      ['layout', 'one'],
    ],
  },
);
const [events, rate] = [options.events, options.rate].map(Number);
const { layout } = options;

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
  peak.servers = Math.max(peak.servers, sum(servers.map((server) => usage(server.pid).rssBytes)));
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
  const cpuSeconds = sum(servers.map((server, n) => usage(server.pid).cpuSeconds - idle[n].cpuSeconds));
  const result = openResult('The whole pipeline on one machine: HTTP to objects in S3', options.json);
  const { figure } = result;
  figure('events, offered a second, layout', [events, rate, layout].join(', '));
  figure('rows delivered', rows, String(events), rows === events);
  figure('acknowledged, events/s', round((events / (acknowledged - began)) * 1000));
  figure('delivered, events/s until the last object is written', round((rows / (delivered - began)) * 1000));
  figure('CPU of the servers, µs an event', round((cpuSeconds / events) * 1e6, 1));
  figure('CPU of the generator, µs an event', round((generatorCpu / events) * 1e6, 1));
  figure('objects', counted.size);
  figure('memory of the servers at most, MB', round(peak.servers / 1e6));
  figure('memory of the generator at most, MB', round(peak.generator / 1e6));
  result.done();
} finally {
  clearInterval(sampler);
  for (const server of servers.reverse()) await server.stop();
  remove();
}

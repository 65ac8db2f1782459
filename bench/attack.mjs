// An attacker who has the public write key, with 200 connections from one address, against one ingest server with its default limits, beside
// honest visitors: what he can store, what that costs, what the honest notice, and what the audit says afterwards. Loopback only; ends by itself.
//   npm run build && node bench/attack.mjs [--seconds 20] [--connections 200] [--visitors 100] [--only WORDS] [--json FILE]
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../ingest-server/dist/src/index.js';
import { streamOf } from './attack/events.mjs';
import { writeLake } from './attack/lake.mjs';
import { visit } from './attack/visitors.mjs';
import { withIngestServer } from './ingest/server-process.mjs';
import { millraceBin, temporaryState } from './processes.mjs';
import { openResult, readOptions } from './result.mjs';
import { round, sum } from './statistics.mjs';

const options = readOptions({ seconds: '20', connections: '200', visitors: '100', only: '' });
const [seconds, connections, visitors] = [options.seconds, options.connections, options.visitors].map(Number);
const result = openResult(
  'An attacker with the public write key: what he can store, what the honest notice, what the audit says',
  options.json,
);
const { figure } = result;
const slackBytes = 16 * 1024;
const { lingerMs, addressRequestsPerSecond, addressBytesPerSecond } = loadConfig({ MILLRACE_WRITE_KEYS: 'demo' });

/** The command's output, whatever its exit code. */
const millrace = (...args) =>
  promisify(execFile)(process.execPath, [millraceBin, ...args], { maxBuffer: 2 ** 28 }).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    ({ stdout, stderr, code }) => ({ stdout, stderr, code }),
  );

async function attack(port) {
  const file = fileURLToPath(new URL('attack/attackers.mjs', import.meta.url));
  const child = fork(file, [port, connections, seconds, '127.9.9.9', options.only].map(String));
  const [[report]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return report;
}

const defaults = { MILLRACE_ADDRESS_REQUESTS_PER_SECOND: undefined, MILLRACE_ADDRESS_BYTES_PER_SECOND: undefined };
const { state, remove } = temporaryState();
process.on('exit', remove);

const records = [];
const stub = { check: 'none', onRecord: (text) => records.push(text) };
const calm = await withIngestServer({ stub, env: defaults }, (_, { port }) =>
  visit({ port, visitors, seconds: Math.min(10, seconds) }),
);
records.length = 0;
const { attacked, honest, memory } = await withIngestServer({ stub, env: defaults }, async (_, server) => {
  const watch = server.watchMemory();
  const [attacked, honest] = await Promise.all([
    attack(server.port),
    // They come before the attack ends and go after it.
    sleep(500).then(() => visit({ port: server.port, visitors, seconds })),
  ]);
  const waiting = async () => (await server.metrics()).get('millrace_spool_events') ?? 0;
  for (let i = 0; i < 300 && (await waiting()) > 0; i++) await sleep(100);
  await sleep(1_000);
  return { attacked, honest, memory: watch.stop() };
});

const bytes = writeLake(join(state, 'lake'), records);
const tallies = Object.values(attacked.tallies);
const of = (field) => sum(tallies.map((tally) => tally[field]));
figure('connections, seconds, honest visitors', [connections, seconds, visitors].join(', '));
for (const [kind, { requests, taken, accepted, rejected }] of Object.entries(attacked.tallies)) {
  figure(`${kind}: requests, taken, events accepted, rejected`, [requests, taken, accepted, rejected].join(', '));
}
figure('answers to the attacker, by status', JSON.stringify(attacked.statuses).replaceAll('"', ''));

const mayQuarantine = of('sentBytes') + (of('taken') + of('unanswered')) * slackBytes;
const quarantined = bytes._quarantine ?? 0;
figure('quarantined, bytes', quarantined, `<= sent + 16 KiB a batch: ${mayQuarantine}`, quarantined <= mayQuarantine);
const perSecond = of('inflatedBytes') / seconds;
// A bucket holds two seconds at its start.
const mayPass = (addressBytesPerSecond * (seconds + 2)) / seconds;
figure('taken of one address, inflated bytes a second', round(perSecond), `<= ${round(mayPass)}`, perSecond <= mayPass);
const takenPerSecond = of('taken') / seconds;
const mayRequest = (addressRequestsPerSecond * (seconds + 2)) / seconds;
figure(
  'taken of one address, requests a second',
  round(takenPerSecond),
  `<= ${mayRequest}`,
  takenPerSecond <= mayRequest,
);

const evilEvents = (of('accepted') + of('rejected')) / seconds;
const evilBytes = Math.max(
  1,
  Math.round((sum(Object.values(bytes)) - honest.acknowledged.length * 600) / seconds / evilEvents),
);
const plan = JSON.parse(
  (
    await millrace(
      'plan',
      '--events-per-second',
      String(Math.max(1, Math.round(evilEvents))),
      '--event-bytes',
      String(evilBytes),
      '--json',
    )
  ).stdout,
);
const dollars = (reading) => {
  const { costs } = plan[plan.spread];
  const month =
    costs.kinesisProvisioned +
    costs.firehoseIngest[reading] +
    costs.partitioning +
    costs.partitionedObjects +
    costs.s3Puts;
  return round(month / 730, 3);
};
figure(
  'what that costs, dollars an hour, 5 KB rounded by record or by event',
  `${dollars('per record')}, ${dollars('per sub-record')}`,
);

figure('honest requests without an attack: p50, p99, ms', `${round(calm.p50)}, ${round(calm.p99)}`);
figure('honest requests: p50, ms', round(honest.p50));
figure(
  'honest requests: p99, ms',
  round(honest.p99),
  `<= linger + 250: ${lingerMs + 250}`,
  honest.p99 <= lingerMs + 250,
);
figure('honest requests that were refused once', honest.refused);
figure('memory of the server grew, MiB', round(memory.grownMiB));

const stored = new Set(
  records
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.includes('"stream_id":"mij4honest'))
    .map((line) => JSON.parse(line))
    .map(({ event_id, stream_id, seq }) => `${event_id}/${stream_id}/${seq}`),
);
const missing = honest.acknowledged.filter(
  ({ event_id, stream_id, seq }) => !stored.has(`${event_id}/${stream_id}/${seq}`),
);
figure('honest events acknowledged', honest.acknowledged.length);
figure('of them not in the stream', missing.length, '0', missing.length === 0);
const sql = `select count(*) n from events where stream_id like 'mij4honest%'`;
const seen = JSON.parse((await millrace('query', sql, '--lake', join(state, 'lake'), '--json')).stdout).n;
figure(
  'of them in the view events',
  seen,
  String(honest.acknowledged.length),
  Number(seen) === honest.acknowledged.length,
);
const audit = await millrace('audit', '--lake', join(state, 'lake'), '--settle', '0', '--worst', '1000', '--json');
const report = JSON.parse(audit.stdout);
const accused = Array.from({ length: visitors }, (_, n) => streamOf('honest', n)).filter((stream) =>
  audit.stdout.includes(stream),
);
figure('audit: verdict', `${report.verdict}, exit ${audit.code}`, 'exit 0', audit.code === 0);
figure('audit: lost by us', report.lost_by_us, '0', report.lost_by_us === 0);
figure('audit: honest streams that it names', accused.length, '0', accused.length === 0);
figure('audit: what the attacker claims is missing', report.never_acknowledged ?? 'n/a');
result.done();

// From HTTP to objects in S3, in the layout of `npm start`: events/s, CPU an event, memory, and how quickly the endpoint answers meanwhile.
// The load sends gzipped requests of 10 fresh events, which it made before the clock starts. The first fifth warms up.
//
//   npm run build && node bench/pipeline.mjs [--events 200000] [--rate 8000] [--rounds 3] [--shards 32] [--clients 384]
//     [--against FOLDER] [--profile FOLDER] [--json FILE]
//
// `--against` measures another checkout, built, in turns with this one. `--profile` writes a CPU profile of each thread of one round, and prints
// the functions that take the most time.
import { execFileSync } from 'node:child_process';
import { startLoad } from './ingest/load-process.mjs';
import { eventsPerRequest } from './ingest/requests.mjs';
import { printHottest } from './pipeline/hottest.mjs';
import { measureRun } from './pipeline/run.mjs';
import { root } from './processes.mjs';
import { openResult, readOptions } from './result.mjs';
import { median, round } from './statistics.mjs';

const options = readOptions({
  events: '200000',
  rate: '8000',
  rounds: '3',
  shards: '32',
  clients: '384',
  against: undefined,
  profile: undefined,
});
const [events, rate, rounds, shards, clients] = ['events', 'rate', 'rounds', 'shards', 'clients'].map((name) =>
  Number(options[name]),
);
/** What the other checkout is called in the figures. */
const commitOf = (folder) =>
  `commit ${execFileSync('git', ['-C', folder, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}`;
const projects = [
  { name: 'this', project: root },
  ...(options.against === undefined ? [] : [{ name: commitOf(options.against), project: options.against }]),
];
const load = await startLoad({ prepared: Math.ceil(events / eventsPerRequest) });

/** Each project as fast as it goes, then each at the rate; in turns, so that what else the machine does meets all of them. */
async function measureAll() {
  const found = projects.map(({ name }) => ({ name, fastest: [], atRate: [] }));
  for (let turn = 0; turn < rounds; turn++) {
    for (const loop of ['fastest', 'atRate'])
      for (const [index, { project }] of projects.entries()) {
        const run = await measureRun({ project, load, loop, events, rate, shards, clients });
        console.log(`      ${projects[index].name}, ${loop}: ${JSON.stringify(run)}`);
        found[index][loop].push(run);
      }
  }
  return found;
}

try {
  if (options.profile !== undefined) {
    for (const { name, project } of projects) {
      const folder = `${options.profile}/${name.replaceAll(' ', '-')}`;
      await measureRun({ project, load, loop: 'fastest', events, rate, shards, clients, profile: folder });
      printHottest(name, folder);
    }
  } else {
    const found = await measureAll();
    const result = openResult('The whole pipeline on one machine: HTTP to objects in S3', options.json);
    const { figure } = result;
    const middle = (runs, name, digits = 0) => round(median(runs.map((run) => run[name])), digits);
    figure('events, shards, rounds', [events, shards, rounds].join(', '));
    const [mine] = found;
    const cpu = middle(mine.fastest, 'cpuMicros', 1);
    figure(
      'CPU of the load, µs an event',
      middle(mine.fastest, 'loadMicros', 1),
      '<= 10',
      middle(mine.fastest, 'loadMicros', 1) <= 10,
    );
    for (const { name, fastest, atRate } of found) {
      const of = found.length > 1 ? `${name}: ` : '';
      figure(`${of}as fast as it goes, events/s acknowledged`, middle(fastest, 'acknowledged'));
      figure(`${of}as fast as it goes, events/s until the last object`, middle(fastest, 'delivered'));
      figure(`${of}CPU of server, stream and delivery, µs an event`, middle(fastest, 'cpuMicros', 1));
      figure(`${of}memory of all processes at most, MB`, middle(fastest, 'memory'));
      figure(`${of}DescribeStream meanwhile, 95 %, ms`, middle(fastest, 'describe95', 1));
      figure(`${of}at ${rate} events/s: acknowledged after, 95 %, ms`, middle(atRate, 'answer95', 1));
      figure(`${of}at ${rate} events/s: CPU, µs an event`, middle(atRate, 'cpuMicros', 1));
      figure(`${of}at ${rate} events/s: DescribeStream, 95 %, ms`, middle(atRate, 'describe95', 1));
      figure(
        `${of}at ${rate} events/s: the last object after the last answer, s`,
        middle(atRate, 'lastObjectSeconds', 1),
      );
    }
    const [, other] = found;
    if (other) {
      const ratios = mine.fastest.map((run, turn) => run.delivered / other.fastest[turn].delivered);
      figure(
        `events/s until the last object, this over ${other.name}`,
        round(median(ratios), 2),
        '>= 2',
        median(ratios) >= 2,
      );
      const cheaper = mine.fastest.map((run, turn) => other.fastest[turn].cpuMicros / run.cpuMicros);
      figure(`CPU an event, ${other.name} over this`, round(median(cheaper), 2));
    }
    figure('CPU an event keeps its limit, µs', cpu, '<= 45', cpu <= 45);
    const memory = middle(mine.fastest, 'memory');
    figure('memory keeps its limit, MB', memory, '<= 400', memory <= 400);
    const describe = middle(mine.fastest, 'describe95', 1);
    figure('DescribeStream keeps its limit, ms', describe, '< 50', describe < 50);
    result.done();
  }
} finally {
  await load.stop();
}

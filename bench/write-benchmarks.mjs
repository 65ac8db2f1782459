// Writes docs/benchmarks.md from bench/results/*.json, so that each figure stands in one place. With --check it only compares.
//   node bench/ingest/outage.mjs --json bench/results/ingest-outage.json && node bench/write-benchmarks.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const folder = fileURLToPath(new URL('results/', import.meta.url));

/** Sections in the order of an event's way; results of other names follow. */
const order = [
  'tracker-size',
  'track-cost',
  'ingest-cost',
  'ingest-outage',
  'ingest-overload',
  'ingest-partial-failures',
  'ingest-skew-and-billing',
  'attack',
  'ingest-handshakes',
  'fleet-rates',
  'fleet-days',
  'crashes',
  'delivery',
  'pipeline',
  'pipeline-one-thread',
  'click-to-row',
  'lake',
];
const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);

const head = `# Benchmarks

\`node bench/write-benchmarks.mjs\` writes this page from the outputs of the benches in \`bench/results/\`. Each section names its command: run it
yourself, because machines differ. Compare ratios and CPU time before rates and latencies. A limit stands beside a figure where a bench has one.

Every run here was on two cores of a shared virtual machine. A load above 2 means that other programs used the processors too; rates and
latencies of such a run are worse than the machine's. *Recorded* means figures of an earlier run, copied by hand; some scripts had another path then.

[trackers.md](trackers.md) compares the tracker with seven published ones. [bench/README.md](../bench/README.md) lists the benches.
`;

const grouped = (value) => value.replace(/\b\d{5,}\b/g, (digits) => Number(digits).toLocaleString('en'));
const escaped = (text) => text.replaceAll('|', '\\|');

function section({ title, command, date, node, machine, recorded, figures }) {
  const { processors, model, system, memoryGiB, load } = machine;
  const about = [
    date,
    `Node ${node.replace('v', '')}`,
    `${processors} processors (${model})`,
    ...(memoryGiB ? [`${memoryGiB} GiB`] : []),
    system,
  ];
  if (load !== undefined) about.push(`load ${load}`);
  if (recorded) about.push('*recorded*');
  const limited = figures.some(({ limit }) => limit !== undefined);
  const rows = figures.map(({ what, value, limit, ok }) => {
    const kept = limit === undefined ? '' : `${limit}${ok ? '' : ' **missed**'}`;
    return `| ${escaped(what)} | ${grouped(value)} |${limited ? ` ${kept} |` : ''}`;
  });
  return [
    `## ${title}`,
    '',
    '```sh',
    command,
    '```',
    '',
    `${about.join(' · ')}`,
    '',
    `| | measured |${limited ? ' limit |' : ''}`,
    `| --- | ---: |${limited ? ' --- |' : ''}`,
    ...rows,
    '',
  ].join('\n');
}

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))
  .sort((a, b) => place(a) - place(b) || a.localeCompare(b));
const text = [head, ...names.map((name) => section(JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8'))))].join(
  '\n',
);

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/benchmarks.md is not what bench/results says: node bench/write-benchmarks.mjs');
  process.exitCode = 1;
}

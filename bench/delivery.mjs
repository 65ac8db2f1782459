// What delivery costs: packed records in memory -> gzipped objects, against a floor measured in the same run: a loop that parses the same
// lines and gzips them into one file. CPU time of the whole process, so that zlib's threads count on both sides.
//
//   npm run build && node --expose-gc bench/delivery.mjs [--events 200000] [--rounds 3] [--partitions 36] [--only paths|jq|parquet] [--json FILE]
//
// With --only, the memory at the end is that of this one delivery, with the input.
import { createGzip } from 'node:zlib';
import { systemClock } from '@millrace/kit/clock';
import { configureDelivery } from '../embedded-aws/dist/src/firehose/config/delivery-configuration.js';
import { parseDestination } from '../embedded-aws/dist/src/firehose/config/parse-destination.js';
import { createFunctions } from '../embedded-aws/dist/src/firehose/functions/functions.js';
import { createJqPool } from '../embedded-aws/dist/src/firehose/jq/run/pool.js';
import { startWorker } from '../embedded-aws/dist/src/firehose/worker.js';
import { openResult, readOptions } from './result.mjs';
import { sum } from './statistics.mjs';

const values = readOptions({ events: '200000', rounds: '3', partitions: '36', only: undefined });
const eventsPerRecord = 40;
const shardCount = 64;
const recordCount = Math.ceil(Number(values.events) / eventsPerRecord);

// More than the pipeline's own 36: pages that are numbered.
const pages = Array.from(
  { length: Math.ceil(Number(values.partitions) / 6) },
  (_, n) => ['apparel', 'books', 'electronics', 'food', 'home', 'cart'][n] ?? `page_${n}`,
);
const names = [
  'purchased_item',
  'liked_item',
  'reviewed_item',
  'entered_payment_method',
  'clicked_review',
  'clicked_item_description',
];
const hex = (digits) => Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
const pick = (list) => list[Math.floor(Math.random() * list.length)];

function makeEvent(seq) {
  const time = new Date(1_790_000_000_000 + seq * 7).toISOString();
  return {
    event_id: `${hex(8)}-${hex(4)}-7${hex(3)}-a${hex(3)}-${hex(12)}`,
    event: pick(names),
    page: pick(pages),
    event_time: time,
    visitor_id: hex(32),
    session_id: hex(32),
    stream_id: hex(32),
    seq,
    os: pick(['ios', 'android', 'windows']),
    device: pick(['mobile', 'desktop']),
    url: `https://shop.example/${hex(6)}/item?ref=${hex(12)}`,
    title: `Item ${hex(4)} | The example shop`,
    item_id: String(Math.floor(Math.random() * 1000)),
    item_name: `A thing called ${hex(8)}`,
    sdk: 'millrace-js/1.0.0',
    received_at: time,
    occurred_at: time,
  };
}

const records = Array.from({ length: recordCount }, (_, record) =>
  Buffer.from(
    Array.from({ length: eventsPerRecord }, (_, n) => JSON.stringify(makeEvent(record * eventsPerRecord + n))).join(
      '\n',
    ),
  ),
);
const bytes = sum(records.map(({ length }) => length));

async function measured(work) {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ...result, cpuMs: (user + system) / 1000, wallMs: performance.now() - begun };
}

/** The least that any delivery must do. It packs as zlib does by default; delivery packs at a lower level, which is a part of what it saves. */
async function floor() {
  const gzip = createGzip({ chunkSize: 64 * 1024 });
  let events = 0;
  let written = 0;
  gzip.on('data', (chunk) => {
    written += chunk.length;
  });
  const ended = new Promise((resolve) => gzip.on('end', resolve));
  for (const record of records) {
    for (const line of record.toString().split('\n')) {
      const { page, event } = JSON.parse(line);
      if (page && event) events++;
    }
    if (!gzip.write(record)) await new Promise((drained) => gzip.once('drain', drained));
    gzip.write('\n');
  }
  gzip.end();
  await ended;
  return { events, written };
}

/** A table with the columns of `makeEvent`; the partition keys are none of them. */
const Columns = Object.entries(makeEvent(0))
  .filter(([name]) => name !== 'page' && name !== 'event')
  .map(([Name, value]) => ({ Name, Type: typeof value === 'number' ? 'bigint' : 'string' }));
const table = { version: 0, atMs: 0, input: { Name: 'clicks', StorageDescriptor: { Columns } } };
const conversion = {
  InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
  OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
};

const jq = createJqPool();

async function delivery(query, parquet = false) {
  const parameters = { MetadataExtractionQuery: query, JsonParsingEngine: 'JQ-1.6' };
  const destination = {
    RoleARN: 'arn:aws:iam::000000000000:role/bench',
    BucketARN: 'arn:aws:s3:::lake',
    Prefix: 'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/',
    ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    ...(parquet
      ? { CompressionFormat: 'UNCOMPRESSED', DataFormatConversionConfiguration: conversion }
      : { CompressionFormat: 'GZIP' }),
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        { Type: 'RecordDeAggregation', Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }] },
        {
          Type: 'MetadataExtraction',
          Parameters: Object.entries(parameters).map(([ParameterName, ParameterValue]) => ({
            ParameterName,
            ParameterValue,
          })),
        },
        { Type: 'AppendDelimiterToRecord' },
      ],
    },
  };
  const configuration = await configureDelivery(parseDestination(destination), true, {
    tables: { versions: () => [table] },
    functions: createFunctions({}),
    jq,
  });
  const shards = Array.from({ length: shardCount }, (_, shard) =>
    records.filter((_, index) => index % shardCount === shard),
  );
  let [objects, written, failed, reading] = [0, 0, 0, shardCount];
  let allRead;
  const readToEnd = new Promise((resolve) => {
    allRead = resolve;
  });
  const worker = startWorker({
    deliveryStream: 'bench',
    version: 1,
    configuration,
    startMs: 0,
    // Shards that have been read are closed, so that no idle polling is measured.
    source: {
      shards: async () => shards.map((_, shard) => ({ id: String(shard), parents: [] })),
      iterator: async (shardId) => `${shardId}/0`,
      read: async (iterator, limit) => {
        const [shard, at] = iterator.split('/').map(Number);
        const found = shards[shard].slice(at, at + limit);
        const end = at + found.length;
        if (end === shards[shard].length && --reading === 0) allRead();
        return {
          records: found.map((data, index) => ({ sequenceNumber: String(at + index), arrivalMs: Date.now(), data })),
          ...(end < shards[shard].length ? { next: `${shard}/${end}` } : {}),
        };
      },
      retentionMs: async () => 86_400_000,
    },
    sink: {
      put: async ({ key, body }) => {
        objects++;
        written += body.length;
        if (!key.startsWith('page=')) failed++;
      },
    },
    stored: new Map(),
    positions: { load: async () => new Map(), changed: () => {}, settled: async () => {}, remove: async () => {} },
    timeScale: 30,
    clock: systemClock,
    log: (line) => console.log(line),
    observer: { wanted: () => false, read: () => undefined, delivered: () => {} },
  });
  await readToEnd;
  await worker.stop(60_000);
  return { objects, written, failed };
}

const best = async (work) => {
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) rounds.push(await measured(work));
  return rounds.reduce((a, b) => (b.cpuMs < a.cpuMs ? b : a));
};
const result = openResult('What delivery costs: packed records in memory to gzipped objects', values.json);
const events = recordCount * eventsPerRecord;
const mib = (length) => Math.round(length / 2 ** 20);

function report(what, { cpuMs, wallMs, written, objects, failed }, base) {
  result.figure(`${what}: CPU, s`, (cpuMs / 1000).toFixed(2));
  result.figure(`${what}: time, s`, (wallMs / 1000).toFixed(2));
  result.figure(`${what}: events per CPU second`, Math.round(events / (cpuMs / 1000)));
  result.figure(`${what}: written, MiB`, mib(written));
  if (objects) result.figure(`${what}: objects, of them failed`, `${objects}, ${failed}`);
  if (base) result.figure(`${what}: CPU over the floor`, (cpuMs / base.cpuMs).toFixed(2));
}

result.figure('records, events a record, rounds', [recordCount, eventsPerRecord, values.rounds].join(', '));
result.figure('input, MiB', mib(bytes));
const paths = '{page:.page,event:.event}';
const deliveries = {
  paths: ['delivery by two paths', () => delivery(paths)],
  jq: ['delivery with a filter for jq', () => delivery('{page:(.page|ascii_downcase),event:.event}')],
  parquet: ['delivery converted to Parquet', () => delivery(paths, true)],
};
let least;
if (!values.only) {
  await floor();
  least = await best(floor);
  report('floor (parse, and gzip into one file)', least);
}
for (const [name, [what, work]] of Object.entries(deliveries))
  if (!values.only || values.only === name) report(what, await best(work), least);
await jq.close();
result.figure('memory at most, with the input, MiB', Math.round(process.resourceUsage().maxRSS / 1024));
result.done();

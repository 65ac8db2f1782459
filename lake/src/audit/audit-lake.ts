import type { DuckDBConnection } from '@duckdb/node-api';
import type { LakeReading } from '../duckdb/read-lake.js';
import type { AuditOptions, AuditReport, DamagedObject, LakeWarnings, StreamReport } from '../lake.js';
import {
  acrossPartitions,
  auditTables,
  firstCopies,
  gapsOf,
  lateness,
  orderTable,
  streamTable,
  streamTotals,
  totals,
  unnumbered,
  worstStreams,
} from './audit-sql.js';
import { checkGzip } from './check-gzip.js';

const defaultLateMs = 60_000;
const mostGaps = 20;

type Row = Record<string, unknown>;

/** Counts in SQL what is missing, and checks the objects' gzip beside it. */
export async function auditLake(reading: LakeReading, options: AuditOptions = {}): Promise<AuditReport> {
  const { listing, strange } = reading;
  const { connection } = reading.engine;
  const onAbort = () => connection.interrupt();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // Both read every object; the checks need no DuckDB and use the other cores.
    const checking =
      options.checksums === false
        ? Promise.resolve([])
        : checkGzip(listing.delivered, { parallel: 2, signal: options.signal });
    const [found, failed] = await Promise.all([measure(connection, options), checking]);
    const damaged = [...reading.damaged, ...unnamed(failed, reading.damaged)];
    const ok = found.missing === 0 && damaged.length === 0 && strange.length === 0;
    return { ok, objects: listing.delivered.length, ...found, damaged, strange };
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function unnamed(failed: DamagedObject[], known: DamagedObject[]): DamagedObject[] {
  return failed.filter(({ key }) => !known.some((each) => each.key === key));
}

async function measure(
  connection: DuckDBConnection,
  { lateMs = defaultLateMs, worst = 10 }: AuditOptions,
): Promise<Omit<AuditReport, 'ok' | 'objects' | keyof LakeWarnings>> {
  const all = async (sql: string): Promise<Row[]> => (await connection.runAndReadAll(sql)).getRowObjectsJS();
  const one = async (sql: string) => (await all(sql))[0]!;
  const count = async (sql: string) => Number(Object.values(await one(sql))[0]);

  for (const table of auditTables) await connection.run(table);
  const { rows, duplicates, misfits } = await one(totals);
  await connection.run(firstCopies(Number(duplicates)));
  await connection.run(streamTable);
  await connection.run(orderTable);
  const streams = await one(streamTotals);
  const late = await one(lateness(lateMs));
  const maybe = (value: unknown) => (value === null ? null : Number(value));
  return {
    rows: Number(rows),
    events: Number(rows) - Number(duplicates),
    missing: Number(streams.missing),
    held: { quarantine: Number(streams.in_quarantine), errors: Number(streams.in_errors) },
    duplicates: {
      rows: Number(duplicates),
      across_partitions: Number(duplicates) === 0 ? 0 : await count(acrossPartitions),
    },
    conflicts: Number(streams.conflicts),
    out_of_order: await count('SELECT coalesce(sum(out_of_order), 0)::BIGINT FROM millrace_disorder'),
    late: {
      threshold_ms: lateMs,
      events: Number(late.late),
      timed: Number(late.timed),
      p50_ms: maybe(late.p50),
      p99_ms: maybe(late.p99),
      max_ms: maybe(late.most),
    },
    unnumbered: await count(unnumbered),
    misfits: Number(misfits),
    streams: {
      total: Number(streams.streams),
      gap_free: Number(streams.gap_free),
      tail_unknown: Number(streams.tail_unknown),
    },
    worst: await Promise.all((await all(worstStreams(worst))).map((row) => streamReport(row, all))),
  };
}

async function streamReport(row: Row, all: (sql: string) => Promise<Row[]>): Promise<StreamReport> {
  const streamId = String(row.stream_id);
  const missing = Number(row.missing);
  const gaps = missing === 0 ? [] : await all(gapsOf(streamId, Number(row.last), mostGaps));
  return {
    stream_id: streamId,
    events: Number(row.events),
    held: Number(row.held),
    last_seq: Number(row.last),
    missing,
    gaps: gaps.map(({ first, last }) => ({ first: Number(first), last: Number(last) })),
    out_of_order: Number(row.out_of_order),
    conflicts: Number(row.conflicts),
    tail: row.tail_known ? 'known' : 'unknown',
  };
}

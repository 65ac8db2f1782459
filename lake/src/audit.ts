import type { DuckDBConnection } from '@duckdb/node-api';
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
import { checkObjects } from './checksums.js';
import type { DamagedObject } from './damage.js';
import type { LakeWarnings, Reading } from './reading.js';

export interface AuditOptions {
  /** An event is late when it was received longer than this after it happened. */
  lateMs?: number;
  /** How many streams are named. */
  worst?: number;
  /** Check every object's gzip length and checksum as well. On by default. */
  checksums?: boolean;
  signal?: AbortSignal;
}

/** A stream with something wrong. */
export interface StreamReport {
  stream_id: string;
  /** Different events of it in the lake. */
  events: number;
  /** Positions that are in the quarantine or in an error object instead. */
  held: number;
  /** The highest position known of, from its own events or from the visitor's next stream. */
  last_seq: number;
  missing: number;
  /** The first runs of missing positions, both ends included. */
  gaps: { first: number; last: number }[];
  out_of_order: number;
  /** Events that claim a position that another event has: its numbering was used twice. */
  conflicts: number;
  /** Whether the visitor's next stream says how far it got. If not, whether more followed is unknowable. */
  tail: 'known' | 'unknown';
}

/** What the lake, read alone, says about what was lost on the way. */
export interface AuditReport extends LakeWarnings {
  /** Nothing is missing, and every object could be read whole. */
  ok: boolean;
  objects: number;
  /** Rows as delivered. */
  rows: number;
  /** Different events: rows without their copies. */
  events: number;
  missing: number;
  /** Positions whose event was refused or could not be delivered, and is kept there. They are not missing. */
  held: { quarantine: number; errors: number };
  /** Copies beyond the first, by event_id; of them ids that lie in more than one partition, which the view `events` shows more than once. */
  duplicates: { rows: number; across_partitions: number };
  conflicts: number;
  out_of_order: number;
  late: {
    threshold_ms: number;
    events: number;
    timed: number;
    p50_ms: number | null;
    p99_ms: number | null;
    max_ms: number | null;
  };
  /** Events without stream_id or seq, which cannot be audited: put straight into the stream by something other than the SDK. */
  unnumbered: number;
  /** Rows with a value that does not fit its column; it is NULL there. */
  misfits: number;
  streams: { total: number; gap_free: number; tail_unknown: number };
  worst: StreamReport[];
}

export const defaultLateMs = 60_000;
const mostGaps = 20;

type Row = Record<string, unknown>;

/** Audits the lake. */
export async function audit(reading: Reading, options: AuditOptions = {}): Promise<AuditReport> {
  const { listing, strange } = reading;
  const { connection } = reading.engine;
  const onAbort = () => connection.interrupt();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // Both read every object; the checks need no DuckDB and use the other cores.
    const checking =
      options.checksums === false
        ? Promise.resolve([])
        : checkObjects(listing.delivered, { parallel: 2, signal: options.signal });
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

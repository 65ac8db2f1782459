import { stat } from 'node:fs/promises';
import type { DuckDBValue } from '@duckdb/node-api';
import type { PartitionSummary } from '../lake.js';
import type { LakeReading } from './read-lake.js';
import { plainValue } from './values.js';

/** One entry per page and event, sorted by both: DuckDB counts the events, the file system the bytes. */
export async function listPartitions({ listing, engine, damaged }: LakeReading): Promise<PartitionSummary[]> {
  const counted = await engine.connection.runAndReadAll(
    `SELECT page, event, count(*), max(try_cast(coalesce(event_time, received_at) AS TIMESTAMPTZ)::TIMESTAMP)
     FROM millrace_delivered GROUP BY ALL`,
  );
  const types = counted.columnTypes();
  const events = new Map<string, [DuckDBValue, DuckDBValue]>();
  for (const [page, event, rows, newest] of counted.getRows()) events.set(`${page}/${event}`, [rows!, newest!]);
  const summaries = new Map<string, PartitionSummary>();
  for (const object of listing.delivered) {
    const { page, event } = object.partition as { page: string; event: string };
    const id = `${page}/${event}`;
    let summary = summaries.get(id);
    if (!summary) {
      const [rows, newest] = events.get(id) ?? [0n, null];
      const time = plainValue(newest, types[3]!) as string | null;
      summary = { page, event, objects: 0, events: Number(rows), bytes: 0, newest: time, damaged: [] };
      summaries.set(id, summary);
    }
    summary.objects += 1;
    summary.bytes += (await stat(object.path).catch(() => ({ size: 0 }))).size;
    if (damaged.some(({ key }) => key === object.key)) summary.damaged.push(object.key);
  }
  return [...summaries.values()].sort((a, b) => (a.page + a.event < b.page + b.event ? -1 : 1));
}

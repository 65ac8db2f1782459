import { stat } from 'node:fs/promises';
import type { PartitionSummary } from '../lake.js';
import { collectPartitions } from '../partition-summaries.js';
import type { LakeReading } from './read-lake.js';
import { plainValue } from './values.js';

/** One entry per page and event, sorted by both: DuckDB counts the rows, the file system the bytes. */
export async function listPartitions({ listing, engine, damaged }: LakeReading): Promise<PartitionSummary[]> {
  const time = (field: string) => `try_cast(${field} AS TIMESTAMPTZ)`;
  const counted = await engine.connection.runAndReadAll(
    `SELECT page, event, count(*), max(coalesce(${time('received_at')}, ${time('event_time')})::TIMESTAMP)
     FROM millrace_delivered GROUP BY ALL`,
  );
  const partitions = collectPartitions();
  for (const { partition, path, key } of listing.delivered) {
    const { page, event } = partition as { page: string; event: string };
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    const summary = partitions.addObject(page, event, size);
    if (damaged.some((object) => object.key === key)) summary.damaged.push(key);
  }
  const newestType = counted.columnTypes()[3]!;
  for (const [page, event, rows, newest] of counted.getRows()) {
    partitions.addRows(String(page), String(event), Number(rows), plainValue(newest!, newestType) as string | null);
  }
  return partitions.sorted();
}

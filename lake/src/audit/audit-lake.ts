import type { AuditOptions, AuditReport } from '../audit-report.js';
import { type LakeListing, listObjects } from '../duckdb/list-objects.js';
import type { EngineLimits } from '../duckdb/open-engine.js';
import { judge } from './judge.js';
import { checkLedgerRows } from './ledger-rows.js';
import { type LakeFacts, readObjects } from './read-objects.js';
import { defaultLateMs, reportOf } from './report.js';

/** Objects are deleted while they are read only when somebody forgets or compacts; then the reading begins anew. */
const mostAttempts = 5;

/** Reads every object of the lake once, and reports what is missing. */
export async function auditLake(
  folder: string,
  limits: EngineLimits,
  options: AuditOptions = {},
): Promise<AuditReport> {
  for (let attempt = 1; ; attempt++) {
    const listing = await listObjects(folder);
    const read = await readObjects(folder, limits, listing, options);
    try {
      if (read.gone > 0 && attempt < mostAttempts) continue;
      return await report(listing, read, options);
    } finally {
      await read.close();
    }
  }
}

async function report(
  { delivered, errors, strange }: LakeListing,
  { source, damaged, unchanged, isRecent }: LakeFacts,
  options: AuditOptions,
): Promise<AuditReport> {
  const { lateMs = defaultLateMs, worst = 10, since, until, page, site, signal } = options;
  const objects = [...delivered, ...errors].map(({ key, partition: { page: of = '', event = '' } }, index) => ({
    isRecent: index < delivered.length && isRecent(index),
    page: of,
    partition: `${of}/${event}`,
    cause: index < delivered.length ? event.replace(/^_/, '') : (key.split('/')[1] ?? ''),
  }));
  const found = await judge(source, objects, { lateMs, worst, since, until, page, site, signal });
  const ledger = checkLedgerRows(source.shared, (object) => objects[object]!.isRecent, { since, until });
  const looked = { objects: delivered.length, unchanged, damaged, strange };
  return reportOf(source.shared, found, ledger, looked, options);
}

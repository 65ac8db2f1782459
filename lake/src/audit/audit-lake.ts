import type { AuditOptions, AuditReport } from '../audit-report.js';
import { findSpoiled } from '../duckdb/check-objects.js';
import { type LakeListing, type LakeObject, listObjects } from '../duckdb/list-objects.js';
import type { LakePlace } from '../duckdb/read-lake.js';
import type { DamagedObject } from '../lake.js';
import { judge } from './judge.js';
import { checkLedgerRows } from './ledger-rows.js';
import { type LakeFacts, readObjects } from './read-objects.js';
import { defaultLateMs, reportOf } from './report.js';

/** Objects are deleted while they are read only when somebody forgets or compacts; then the reading begins anew. */
const mostAttempts = 5;

/** Reads every object of the lake once, and reports what is missing. */
export async function auditLake(lake: LakePlace, options: AuditOptions = {}): Promise<AuditReport> {
  for (let attempt = 1; ; attempt++) {
    const all = await listObjects(lake.folder);
    const spoiled = await spoiledLines(all, lake, options);
    const listing = { ...all, delivered: without(spoiled, all.delivered), errors: without(spoiled, all.errors) };
    const read = await readObjects(lake, listing, options);
    try {
      if (read.gone > 0 && attempt < mostAttempts) continue;
      return await report(listing, { ...read, spoiled }, options);
    } finally {
      await read.close();
    }
  }
}

/**
 * Plain lines whose bytes are not those that were written: they are rare. Gzip is checked as it is read, and Parquet
 * before that.
 */
async function spoiledLines(
  { delivered, errors }: LakeListing,
  { check }: LakePlace,
  { checksums = true }: AuditOptions,
): Promise<DamagedObject[]> {
  if (!check || !checksums) return [];
  return await findSpoiled(
    [...delivered, ...errors].filter(({ gzip, parquet }) => !gzip && !parquet),
    check,
  );
}

function without(spoiled: readonly DamagedObject[], objects: LakeObject[]): LakeObject[] {
  const keys = new Set(spoiled.map(({ key }) => key));
  return objects.filter(({ key }) => !keys.has(key));
}

async function report(
  { delivered, errors, strange }: LakeListing,
  { source, spoiled, damaged, unchanged, isRecent }: LakeFacts & { spoiled: DamagedObject[] },
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
  const looked = {
    objects: delivered.length + spoiled.length,
    unchanged,
    damaged: [...spoiled, ...damaged],
    strange,
  };
  return reportOf(source.shared, found, ledger, looked, options);
}

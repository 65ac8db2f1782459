import { listObjects } from '../duckdb/list-objects.js';
import type { EngineLimits } from '../duckdb/open-engine.js';
import type { AuditOptions, AuditReport } from '../lake.js';
import { judge } from './judge.js';
import { checkLedgerRows } from './ledger-rows.js';
import { readObjects } from './read-objects.js';
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
    const { settleMs = 120_000 } = options;
    const settled = settleMs > 0 ? Date.now() - settleMs : Number.POSITIVE_INFINITY;
    const { facts, damaged, gone, modified } = await readObjects(folder, limits, listing, options);
    if (gone > 0 && attempt < mostAttempts) continue;
    const { delivered, strange } = listing;
    const { lateMs = defaultLateMs, worst = 10, since, until, page } = options;
    const objects = delivered.map(({ partition }, index) => ({
      isRecent: modified[index]! > settled,
      page: partition.page!,
      partition: `${partition.page}/${partition.event}`,
    }));
    const found = judge(facts, objects, { lateMs, worst, since, until, page });
    const ledger = checkLedgerRows(facts.ledgerRows, (object) => objects[object]?.isRecent === true, { since, until });
    return reportOf(facts, found, ledger, { objects: delivered.length, damaged, strange }, options);
  }
}

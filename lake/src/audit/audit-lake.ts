import { randomInt } from 'node:crypto';
import { type LakeListing, type LakeObject, listObjects } from '../duckdb/list-objects.js';
import type { EngineLimits } from '../duckdb/open-engine.js';
import type { AuditOptions, AuditReport, DamagedObject } from '../lake.js';
import { Facts } from './facts.js';
import { judge } from './judge.js';
import { checkLedgerRows } from './ledger-rows.js';
import { ObjectReader } from './read-object.js';
import { readParquet } from './read-parquet.js';
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

async function readObjects(
  folder: string,
  limits: EngineLimits,
  { delivered, errors }: LakeListing,
  { checksums = true, signal }: AuditOptions,
): Promise<{ facts: Facts; damaged: DamagedObject[]; gone: number; modified: Float64Array }> {
  const seed = randomInt(2 ** 32);
  const facts = new Facts(seed);
  const reader = new ObjectReader(facts, seed, { checksums, signal });
  const damaged: DamagedObject[] = [];
  const modified = new Float64Array(delivered.length);
  let gone = 0;
  const read = async (object: LakeObject, index: number) => {
    signal?.throwIfAborted();
    const { result, modifiedMs } = await reader.read(object, index);
    if (index >= 0) modified[index] = modifiedMs;
    if (result === 'gone') gone += 1;
    else if (result) damaged.push(result);
  };
  for (const [index, object] of delivered.entries()) if (!object.parquet) await read(object, index);
  for (const object of errors) await read(object, -1);
  if (delivered.some((object) => object.parquet)) {
    const indexes = new Map(delivered.map(({ key }, index) => [key, index]));
    damaged.push(...(await readParquet(facts, seed, (key) => indexes.get(key), { folder, limits, signal })));
  }
  return { facts, damaged: damaged.sort((a, b) => (a.key < b.key ? -1 : 1)), gone, modified };
}

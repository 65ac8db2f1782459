import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';
import { temporaryLake } from '@millrace/testing/lake-fixture';
import { type AuditReport, openLake } from '../src/index.js';
import type { OddFile } from './odd-lake.js';
import { writeParquet } from './write-parquet.js';

/** Writes a file of a lake, as if that were long ago. */
export async function writeOddFile(folder: string, { key, bytes, parquet }: OddFile): Promise<void> {
  const path = join(folder, key);
  mkdirSync(dirname(path), { recursive: true });
  if (parquet) await writeParquet(path, parquet);
  else writeFileSync(path, bytes);
  utimesSync(path, 1e9, 1e9);
}

/** The report of a lake of these files: the same whether its facts are in memory or in packs on the disk. */
export async function auditFiles(files: readonly OddFile[]): Promise<AuditReport> {
  const place = temporaryLake();
  const lake = await openLake({ folder: place.folder });
  try {
    for (const file of files) await writeOddFile(place.folder, file);
    const options = { worst: 1_000, settleMs: 0 };
    const report = await lake.audit(options);
    expect(await lake.audit({ ...options, cache: join(place.parent, 'facts') })).toEqual(report);
    return report;
  } finally {
    await lake.close();
    place.remove();
  }
}

import { join } from 'node:path';
import { damagedName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';
import type { SpoolReport } from './spool-report.js';

/** Damaged bytes of a segment. */
export interface Damage {
  folder: string;
  /** The segment's number. */
  id: number;
  bytes: Buffer;
}

/**
 * Copies damage into the `.damaged` file beside its segment: all of it or nothing, because on a full disk a part would
 * only take room. Returns whether it did.
 */
export async function keepDamaged({ folder, id, bytes }: Damage, fs: SpoolFs, report: SpoolReport): Promise<boolean> {
  const path = join(folder, damagedName(id));
  const before = await fs.stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  try {
    await fs.appendFile(path, bytes);
    return true;
  } catch (error) {
    report.failed?.(error as Error);
    await (before === 0 ? fs.rm(path, { force: true }) : fs.truncate(path, before)).catch(() => {});
    return false;
  }
}

import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { decodeDone } from './done-log.js';
import type { ReadLine } from './mend.js';
import { type DamagedPiece, type FilesOfSegment, type MendedSegment, mendSegment } from './mend-segment.js';
import { damagedName, doneName, segmentHeader, segmentName } from './segment.js';

/** The numbers of a folder's segments, also of those of which only the damage is left. */
export function segmentIds(names: readonly string[]): number[] {
  const ids = names.flatMap((name) => /^(\d{8})\.(?:spool|damaged)$/.exec(name)?.[1] ?? []).map(Number);
  return [...new Set(ids)].sort((a, b) => a - b);
}

const readIfThere = (path: string): Promise<Buffer | undefined> =>
  fs.readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** A segment's files. */
export async function filesOf(folder: string, id: number): Promise<FilesOfSegment> {
  const at = (name: string) => readIfThere(join(folder, name));
  return {
    segment: await at(segmentName(id)),
    done: decodeDone((await at(doneName(id))) ?? Buffer.alloc(0)),
    damaged: await at(damagedName(id)),
  };
}

/** A new file in the place of another, whole or not at all. */
async function replace(path: string, parts: readonly Buffer[], before: () => Promise<void> = async () => {}) {
  const handle = await fs.open(`${path}.new`, 'w');
  try {
    await handle.writeFile(Buffer.concat(parts));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await before();
  await fs.rename(`${path}.new`, path);
}

/**
 * Writes what can be read into the segment, and leaves the rest set aside. Killed at any moment, it has lost nothing;
 * what was delivered or mended before may then be delivered again.
 */
async function write(folder: string, id: number, { frames, rest }: MendedSegment): Promise<void> {
  const [segment, done, damaged] = [segmentName(id), doneName(id), damagedName(id)].map((name) => join(folder, name));
  // The list names places of the old file: never must it stand beside the new one.
  await replace(segment!, [segmentHeader, ...frames], () => fs.rm(done!, { force: true }));
  if (rest.length > 0) await replace(damaged!, rest);
  else await fs.rm(damaged!, { force: true });
}

/**
 * Puts what can be read of damaged entries back into the segments of a folder, each in its place. Nobody else may have
 * the folder. Returns the pieces of which something could be read.
 */
export async function mendFolder(folder: string, readLine: ReadLine): Promise<DamagedPiece[]> {
  const found: DamagedPiece[] = [];
  const names = await fs.readdir(folder);
  // Of a run that was killed.
  for (const name of names) if (/^\d{8}\.\w+\.new$/.test(name)) await fs.rm(join(folder, name), { force: true });
  for (const id of segmentIds(names)) {
    const mended = mendSegment(await filesOf(folder, id), readLine);
    const pieces = mended?.pieces.filter(({ entries, cause }) => entries > 0 || cause === 'first_line') ?? [];
    if (mended === undefined || pieces.length === 0) continue;
    await write(folder, id, mended);
    found.push(...pieces);
  }
  return found;
}

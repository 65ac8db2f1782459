import { randomInt } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openPack, type PackFile } from './pack-file.js';

/** What an earlier audit kept, as far as it is still true. */
export interface Cached {
  seed: number;
  packs: PackFile[];
  /** The pack that has an object as it is now, by the object's key. */
  packOf: Map<string, PackFile>;
}

/** Packs that have few events; when there are more of them, their objects are read again, into one. */
const mostSmall = 8;
const smallRows = 100_000;

/** A cache of nothing. */
export const nothingCached = (): Cached => ({ seed: randomInt(2 ** 32), packs: [], packOf: new Map() });

/**
 * Opens what a folder has of the facts of objects, by their state now. A pack that is damaged, of another format, or of
 * no use is removed. Undefined when the folder cannot be made, or when others may write into it.
 */
export async function openCache(folder: string, states: ReadonlyMap<string, string>): Promise<Cached | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!(await isOurs(folder))) return undefined;
  } catch {
    return undefined;
  }
  const cached = nothingCached();
  const small: PackFile[] = [];
  const names = (await readdir(folder)).filter((name) => /\.facts(\.part)?$/.test(name)).sort();
  for (const name of names) {
    const path = join(folder, name);
    const pack = name.endsWith('.part') ? undefined : await openPack(path);
    if (!pack) {
      await remove(path);
      continue;
    }
    const objects = pack.head.objects.filter(([key, state]) => state !== '' && states.get(key) === state);
    const own = objects.filter(([key]) => !cached.packOf.has(key));
    const isOther = cached.packs.length > 0 && pack.head.seed !== cached.seed;
    if (isOther || own.length * 2 < pack.head.objects.length || own.length === 0) {
      await pack.file.close();
      await remove(path);
      continue;
    }
    cached.seed = pack.head.seed;
    cached.packs.push(pack);
    for (const [key] of own) cached.packOf.set(key, pack);
    if (pack.head.rows < smallRows) small.push(pack);
  }
  if (small.length > mostSmall) await drop(cached, small);
  return cached;
}

/** Whether nobody else can put something there that an audit would believe. */
async function isOurs(folder: string): Promise<boolean> {
  const { uid, mode } = await lstat(folder);
  const us = process.getuid?.();
  // Windows has neither.
  return us === undefined || (uid === us && (mode & 0o022) === 0);
}

async function drop(cached: Cached, packs: readonly PackFile[]): Promise<void> {
  const dropped = new Set(packs);
  cached.packs = cached.packs.filter((pack) => !dropped.has(pack));
  for (const [key, pack] of cached.packOf) if (dropped.has(pack)) cached.packOf.delete(key);
  for (const { file, path } of packs) {
    await file.close();
    await remove(path);
  }
}

/** Where it cannot be removed, it is passed over again the next time. */
const remove = (path: string) => rm(path, { force: true }).catch(() => undefined);

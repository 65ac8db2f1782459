import { copyFile, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyGoodLines } from './clean-copy.js';
import type { LakeObject } from './list-objects.js';
import type { ObjectFormat } from './object-format.js';
import { isOdd } from './odd-key.js';

/** What DuckDB reads for an object. */
export interface Source extends ObjectFormat {
  object: LakeObject;
  path: string;
  /** The object itself; else the path says nothing of its key. */
  kind: 'object' | 'link' | 'copy';
}

/** What one reading of the lake reads: an object, a link to it where its key is odd, or a copy of its good lines. */
export interface Sources {
  /** The folder of links and copies, when there are any. */
  readonly folder: string | undefined;
  of(object: LakeObject): Promise<Source>;
  /**
   * Reads the object from a copy of its lines that are JSON objects, from now on. Returns how many are not.
   * @throws zlib's error when the object cannot be unzipped to its end
   */
  copy(object: LakeObject): Promise<number>;
  remove(): Promise<void>;
}

/** Begins a reading of the lake. */
export function createSources(): Sources {
  let folder: string | undefined;
  const made = new Map<string, Source>();
  let count = 0;
  const nextPath = async (ending: string) => {
    folder ??= await realpath(await mkdtemp(join(tmpdir(), 'millrace-copies-')));
    count += 1;
    return join(folder, `${count}${ending}`);
  };

  async function link(object: LakeObject): Promise<Source> {
    const path = await nextPath(object.parquet ? '.parquet' : '');
    // Not every system lets everyone make links.
    await symlink(object.path, path).catch(() => copyFile(object.path, path));
    return { object, path, gzip: object.gzip, parquet: object.parquet, kind: 'link' };
  }

  return {
    get folder() {
      return folder;
    },
    async of(object) {
      const known = made.get(object.path);
      if (known) return known;
      if (!isOdd(object)) {
        const { path, gzip, parquet } = object;
        return { object, path, gzip, parquet, kind: 'object' };
      }
      const linked = await link(object);
      made.set(object.path, linked);
      return linked;
    },
    async copy(object) {
      const path = await nextPath('.json');
      const unreadableLines = await copyGoodLines(object, path);
      made.set(object.path, { object, path, gzip: false, parquet: false, kind: 'copy' });
      return unreadableLines;
    },
    async remove() {
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeDone } from './done-log.js';
import { doneName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';

/** The delivered-lists of the segments. Calls for one segment must come one after another. */
export interface DoneFiles {
  append(id: number, offsets: readonly number[]): Promise<void>;
  remove(id: number): Promise<void>;
  close(): Promise<void>;
}

/** Keeps the files open: what is written sooner is not sent twice after a kill, and a write is one step where opening it anew is three. */
export function createDoneFiles({ folder, fs }: { folder: string; fs: SpoolFs }): DoneFiles {
  const handles = new Map<number, FileHandle>();
  const closeOne = async (id: number) => {
    const handle = handles.get(id);
    handles.delete(id);
    await handle?.close().catch(() => undefined);
  };
  return {
    async append(id, offsets) {
      let handle = handles.get(id);
      if (handle === undefined) {
        handle = await fs.open(join(folder, doneName(id)), 'a');
        handles.set(id, handle);
      }
      await handle.appendFile(encodeDone(offsets));
    },
    async remove(id) {
      await closeOne(id);
      await fs.rm(join(folder, doneName(id)), { force: true });
    },
    async close() {
      await Promise.all([...handles.keys()].map(closeOne));
    },
  };
}

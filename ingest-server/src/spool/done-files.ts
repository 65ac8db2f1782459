import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeDone } from './done-log.js';
import { doneMark } from './frame.js';
import { doneName, segmentName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';

/** The segments' lists of delivered entries. Calls for one segment must come one after another. */
export interface DoneFiles {
  /** Marks entries as delivered: in the list or, on a full disk, in the segment. */
  append(id: number, offsets: readonly number[]): Promise<void>;
  /** Lists offsets where no entry begins, which so cannot be marked in the segment; fails on a full disk. */
  list(id: number, offsets: readonly number[]): Promise<void>;
  remove(id: number): Promise<void>;
  close(): Promise<void>;
}

/** A list and how much of it is whole. */
interface List {
  handle: FileHandle;
  bytes: number;
}

/**
 * Keeps the files open: one step for each mark instead of three, and what is marked sooner is not sent twice after a
 * kill.
 */
export function createDoneFiles({ folder, fs }: { folder: string; fs: SpoolFs }): DoneFiles {
  const lists = new Map<number, List>();
  const closeOne = async (id: number) => {
    const list = lists.get(id);
    lists.delete(id);
    await list?.handle.close().catch(() => undefined);
  };

  async function listOf(id: number): Promise<List> {
    let list = lists.get(id);
    if (list === undefined) {
      const handle = await fs.open(join(folder, doneName(id)), 'a');
      list = { handle, bytes: (await handle.stat()).size };
      lists.set(id, list);
    }
    return list;
  }

  /** Writes all of the block or nothing: blocks behind half of one are not read. */
  async function grow(list: List, block: Buffer): Promise<void> {
    try {
      await list.handle.appendFile(block);
      list.bytes += block.length;
    } catch (error) {
      await list.handle.truncate(list.bytes);
      throw error;
    }
  }

  /** Marks entries in the segment itself, which does not grow. */
  async function mark(id: number, offsets: readonly number[]): Promise<void> {
    const handle = await fs.open(join(folder, segmentName(id)), 'r+');
    try {
      for (const offset of offsets) await handle.write(doneMark, 0, doneMark.length, offset);
    } finally {
      await handle.close();
    }
  }

  const list = async (id: number, offsets: readonly number[]) => grow(await listOf(id), encodeDone(offsets));

  return {
    list,
    async append(id, offsets) {
      try {
        await list(id, offsets);
      } catch {
        // A full disk, as a rule. An unmarked entry is delivered again after the next start.
        await mark(id, offsets);
      }
    },
    async remove(id) {
      await closeOne(id);
      await fs.rm(join(folder, doneName(id)), { force: true });
    },
    async close() {
      await Promise.all([...lists.keys()].map(closeOne));
    },
  };
}

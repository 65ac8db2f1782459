import { join } from 'node:path';
import { createDoneFiles } from './done-files.js';
import { segmentName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';

/** Work on a segment's files beside writing it, one task after another for each segment. Its failure costs no event. */
export interface SegmentFiles {
  /** Runs `task` after all other work on the segment's files. Never rejects: a failure is reported. */
  run(id: number, task: () => Promise<unknown>): Promise<void>;
  /** Notes on disk that the entries at these offsets are delivered. */
  markDelivered(id: number, offsets: readonly number[]): void;
  /** Notes on disk that the damage at this offset has been copied; on a full disk it does not, and does not fail. */
  noteCopied(id: number, offset: number): Promise<void>;
  /** Removes the segment and its list of delivered entries. */
  remove(id: number): void;
  /** Takes no more work. */
  stop(): void;
  /** Resolves when the work is done and the files are closed. */
  close(): Promise<void>;
}

/** Where the files lie, and who learns of failures. */
export interface SegmentFilesOptions {
  folder: string;
  fs: SpoolFs;
  failed(error: Error): void;
}

/** The files of the segments in `folder`. */
export function createSegmentFiles({ folder, fs, failed }: SegmentFilesOptions): SegmentFiles {
  const doneFiles = createDoneFiles({ folder, fs });
  const tasks = new Map<number, Promise<void>>();
  let stopped = false;

  function run(id: number, task: () => Promise<unknown>): Promise<void> {
    // Another server may have the folder by now; an entry that is not marked is sent twice, and that is all.
    if (stopped) return Promise.resolve();
    const before = tasks.get(id) ?? Promise.resolve();
    const after = before.then(task).then(() => undefined, failed);
    tasks.set(id, after);
    void after.then(() => {
      if (tasks.get(id) === after) tasks.delete(id);
    });
    return after;
  }

  return {
    run,
    markDelivered: (id, offsets) => void run(id, () => doneFiles.append(id, offsets)),
    noteCopied: (id, offset) => doneFiles.list(id, [offset]).catch(() => undefined),
    remove(id) {
      void run(id, async () => {
        await fs.rm(join(folder, segmentName(id)), { force: true });
        await doneFiles.remove(id);
      });
    },
    stop() {
      stopped = true;
    },
    async close() {
      await Promise.all(tasks.values());
      await doneFiles.close();
    },
  };
}

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openRecordLog, type RecordLog } from '../../record-log/record-log.js';
import type { Log } from '../../service.js';
import { createDirectPut, type DirectPut } from './put-records.js';

/** The logs of all Direct PUT delivery streams, each in a folder of its own. */
export interface DirectPutLogs {
  /**
   * Opened when it is not open yet.
   * @param delivered the last record that is known to be in S3: numbers go on after it even if every file is gone
   * @throws MillraceError when a newer version wrote it
   */
  open(id: string, delivered: number, log: Log): Promise<{ records: RecordLog; directPut: DirectPut }>;
  remove(id: string): Promise<void>;
  /** Removes the logs of delivery streams that are gone: a crash may come between the two. */
  keepOnly(ids: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** @param folder that of all logs @param now gives milliseconds since 1970 */
export function createDirectPutLogs(
  folder: string,
  { now, backlogBytes }: { now: () => number; backlogBytes?: number | undefined },
): DirectPutLogs {
  const opened = new Map<string, Promise<{ records: RecordLog; directPut: DirectPut }>>();

  return {
    open(id, delivered, log) {
      let one = opened.get(id);
      if (!one) {
        one = openRecordLog({ folder: join(folder, id), next: delivered + 1, log }).then((records) => ({
          records,
          directPut: createDirectPut(records, { log, now, backlogBytes }),
        }));
        one.catch(() => opened.delete(id));
        opened.set(id, one);
      }
      return one;
    },
    async remove(id) {
      await (await opened.get(id))?.records.close();
      opened.delete(id);
      await rm(join(folder, id), { recursive: true, force: true });
    },
    async keepOnly(ids) {
      const found = await readdir(folder).catch(() => []);
      for (const id of found) if (!ids.has(id)) await rm(join(folder, id), { recursive: true, force: true });
    },
    async close() {
      await Promise.allSettled([...opened.values()].map(async (one) => (await one).records.close()));
    },
  };
}

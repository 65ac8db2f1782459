import { join } from 'node:path';
import { backoffMs } from '@millrace/kit/backoff';
import type { Clock } from '@millrace/kit/clock';
import { keepDamaged } from './keep-damaged.js';
import { damagedName, type Segment, segmentName } from './segment.js';
import type { SegmentFiles } from './segment-files.js';
import type { SpoolFs } from './spool-fs.js';
import type { SpoolReport } from './spool-report.js';

/** Where to copy to, and who learns of it. */
export interface DamageKeeperOptions {
  folder: string;
  fs: SpoolFs;
  clock: Clock;
  report: SpoolReport;
  files: Pick<SegmentFiles, 'run' | 'noteCopied'>;
  /** All damage of the segment has been copied. */
  kept(segment: Segment): void;
}

/** Copies damage out of the segments, which must not be removed before. */
export interface DamageKeeper {
  /** Copies at once, or later if other damage already waits for another try. */
  keep(segment: Segment): Promise<void>;
  /** Copies later: a try has just failed. */
  keepLater(segment: Segment): void;
  /** Damage that is not copied by now stays where it is, for the next start. */
  stop(): void;
}

/** How long to wait between two tries. */
const retry = { baseMs: 1_000, capMs: 60_000, fixedShare: 1 };

/** Retries copies that fail, on a full disk as a rule, and reports the failure once. */
export function createDamageKeeper(options: DamageKeeperOptions): DamageKeeper {
  const { folder, fs, clock, report, files, kept } = options;
  const waiting = new Set<Segment>();
  let failures = 0;
  let callOff: (() => void) | undefined;
  let stopped = false;

  /** Returns whether all damage is copied. */
  async function copyAside(segment: Segment): Promise<boolean> {
    const { id, unkept } = segment;
    const file = join(folder, segmentName(id));
    const firstTime = waiting.size === 0 ? report : {};
    try {
      // Meanwhile more may be found, in bytes that were written since the file was read.
      while (unkept.length > 0) {
        const stretches = [...unkept];
        const bytes = await fs.readFile(file);
        for (const { start, end } of stretches) {
          const damage = bytes.subarray(start, end);
          if (!(await keepDamaged({ folder, id, bytes: damage }, fs, firstTime))) return false;
          unkept.shift();
          report.damaged?.({ file, bytes: damage.length, kept: damagedName(id) });
          await files.noteCopied(id, start);
        }
      }
      return true;
    } catch (error) {
      firstTime.failed?.(error as Error);
      return false;
    }
  }

  const attempt = (segment: Segment) =>
    files.run(segment.id, async () => {
      if (!(await copyAside(segment))) {
        keepLater(segment);
        return;
      }
      waiting.delete(segment);
      if (waiting.size === 0) failures = 0;
      kept(segment);
    });

  function keepLater(segment: Segment) {
    waiting.add(segment);
    if (stopped) return;
    callOff ??= clock.after(backoffMs(failures + 1, retry), () => {
      callOff = undefined;
      failures += 1;
      for (const one of waiting) void attempt(one);
    });
  }

  return {
    async keep(segment) {
      if (waiting.size > 0) waiting.add(segment);
      else await attempt(segment);
    },
    keepLater,
    stop() {
      stopped = true;
      callOff?.();
    },
  };
}

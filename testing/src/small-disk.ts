import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A file system of its own with room for `mebibytes`, in memory; undefined where this user may not mount one (root on
 * Linux may).
 */
export function mountSmallDisk(folder: string, mebibytes: number): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder];
  if (process.platform !== 'linux' || spawnSync('mount', options).status !== 0) return undefined;
  const filler = join(folder, '.filler');
  return {
    fill() {
      const file = openSync(filler, 'w');
      for (const bytes of [65_536, 512, 1]) {
        const block = Buffer.alloc(bytes);
        try {
          for (;;) if (writeSync(file, block) < bytes) break;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
      closeSync(file);
    },
    free: () => rmSync(filler),
    unmount: () => void spawnSync('umount', ['-l', folder]),
  };
}

export interface SmallDisk {
  /** Takes all the room that is left. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** Whether this user may mount file systems, found out by doing it. */
export function canMount(folder: string): boolean {
  const disk = mountSmallDisk(folder, 1);
  disk?.unmount();
  return disk !== undefined;
}

import type { FileHandle } from 'node:fs/promises';
import { type Disk, nodeDisk } from '../src/s3/store/disk.js';

export interface FailingDisk {
  readonly disk: Disk;
  /** Calls so far. */
  readonly calls: () => number;
}

/**
 * The real file system until call number `at` (from 0), which fails with `code`. With `dead`, so do all later calls, as
 * if the process had been killed there: nothing that cleans up after an error gets to run.
 */
export function failingDisk(at: number, options: { code: string; dead: boolean }): FailingDisk {
  let calls = 0;

  function guarded<T extends object>(target: T): T {
    return new Proxy(target, {
      get(_, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          const call = calls++;
          // A handle of a dead process is closed by the system.
          if (options.dead && call >= at && name === 'close') return member.apply(target, args);
          if (options.dead ? call >= at : call === at) {
            if (name === 'close') await member.apply(target, args);
            throw Object.assign(new Error(`${options.code}: ${String(name)} made to fail`), { code: options.code });
          }
          const result: unknown = await member.apply(target, args);
          return name === 'open' ? guarded(result as FileHandle) : result;
        };
      },
    });
  }

  return { disk: guarded(nodeDisk), calls: () => calls };
}

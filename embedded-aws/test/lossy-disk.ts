import { basename, dirname } from 'node:path';
import type { Random } from '@millrace/kit/seeded-random';
import type { LogDisk } from '../src/record-log/disk.js';

interface File {
  bytes: Buffer;
  /** What a power cut leaves. */
  synced: Buffer;
  /** Whether its name lasts. */
  isNamed: boolean;
}

/** A disk in memory that can lose its power, get full and get damaged. */
export interface LossyDisk {
  files: Map<string, File>;
  /** How many more bytes can be written. */
  room: number;
  syncs: number;
  /** The disk as one process sees it: nothing that it does has an effect after the next power cut. */
  plugIn(): LogDisk;
  /** Whatever was not synced is gone, but for the beginning of it, cut at any byte, or for parts of it. */
  cutPower(random: Random, hasHoles?: boolean): void;
}

const noFile = () => ({ bytes: Buffer.alloc(0), synced: Buffer.alloc(0), isNamed: false });

export function lossyDisk(): LossyDisk {
  const files = new Map<string, File>();
  let life = 0;
  const disk: LossyDisk = {
    files,
    syncs: 0,
    room: Number.POSITIVE_INFINITY,
    plugIn: () => plugged(disk, life, () => life),
    cutPower(random, hasHoles = false) {
      life += 1;
      for (const [path, file] of files) {
        if (!file.isNamed && random.chance(0.5)) {
          files.delete(path);
          continue;
        }
        const { bytes, synced } = file;
        const isLonger = bytes.length > synced.length;
        file.bytes = isLonger ? bytes.subarray(0, random.integer(synced.length, bytes.length)) : synced;
        if (hasHoles && isLonger) file.bytes = withHoles(file.bytes, synced.length, random);
        file.synced = file.bytes;
        file.isNamed = true;
      }
    },
  };
  return disk;
}

/** Zeros where blocks from this byte on did not reach the disk. */
function withHoles(bytes: Buffer, from: number, random: Random): Buffer {
  const left = Buffer.from(bytes);
  for (let holes = random.integer(0, 2); holes > 0; holes--) {
    const start = random.integer(from, bytes.length);
    left.fill(0, start, Math.min(bytes.length, start + random.integer(1, 512)));
  }
  return left;
}

function plugged(disk: LossyDisk, mine: number, life: () => number): LogDisk {
  const { files } = disk;
  const check = () => {
    if (mine !== life()) throw new Error('the power is off');
  };
  /** A call has its effect at once, and answers later. */
  async function call<Result>(effect: () => Result): Promise<Result> {
    check();
    const result = effect();
    await new Promise((resolve) => setImmediate(resolve));
    check();
    return result;
  }

  function open(path: string) {
    const file = files.get(path) ?? noFile();
    files.set(path, file);
    return {
      write: (bytes: Buffer, position: number) =>
        call(() => {
          const fits = Buffer.from(bytes.subarray(0, Math.max(0, disk.room)));
          disk.room -= fits.length;
          const end = position + fits.length;
          file.bytes = Buffer.concat([file.bytes.subarray(0, position), fits, file.bytes.subarray(end)]);
          if (fits.length < bytes.length) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
        }),
      sync: async () => {
        const { bytes } = file;
        await call(() => undefined);
        disk.syncs += 1;
        file.synced = bytes;
      },
      truncate: (bytes: number) =>
        call(() => {
          disk.room += file.bytes.length - bytes;
          file.bytes = file.bytes.subarray(0, bytes);
        }),
      close: () => call(() => undefined),
    };
  }

  return {
    makeFolder: () => call(() => undefined),
    list: (folder) =>
      call(() =>
        [...files]
          .filter(([path]) => dirname(path) === folder)
          .map(([path, { bytes }]) => ({ name: basename(path), bytes: bytes.length })),
      ),
    read: (path) => call(() => Buffer.from(files.get(path)!.bytes)),
    open: (path) => call(() => open(path)),
    writeNew: (path, bytes) =>
      call(() => {
        if (files.has(path)) return false;
        files.set(path, { bytes: Buffer.from(bytes), synced: Buffer.from(bytes), isNamed: true });
        return true;
      }),
    cut: (path, bytes) =>
      call(() => {
        const file = files.get(path)!;
        file.bytes = file.bytes.subarray(0, bytes);
        file.synced = file.bytes;
      }),
    remove: (path) => call(() => void files.delete(path)),
    syncFolder: (folder) =>
      call(() => {
        for (const [path, file] of files) if (dirname(path) === folder) file.isNamed = true;
      }),
  };
}

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
export interface LossyDisk extends LogDisk {
  /** Whatever was not synced is gone, but for the beginning of it, cut at any byte. Running calls fail. */
  cutPower(random: Random): void;
  /** How many more bytes can be written. */
  room: number;
  files: Map<string, File>;
  syncs: number;
}

export function lossyDisk(): LossyDisk {
  const files = new Map<string, File>();
  let life = 0;

  /** A call that the power cut ends has no effect after it. */
  async function alive(): Promise<void> {
    const mine = life;
    await new Promise((resolve) => setImmediate(resolve));
    if (mine !== life) throw new Error('the power is off');
  }

  const disk: LossyDisk = {
    files,
    syncs: 0,
    room: Number.POSITIVE_INFINITY,
    makeFolder: async () => {},
    async list(folder) {
      await alive();
      return [...files]
        .filter(([path]) => dirname(path) === folder)
        .map(([path, { bytes }]) => ({ name: basename(path), bytes: bytes.length }));
    },
    async read(path) {
      await alive();
      const file = files.get(path);
      if (file === undefined) throw new Error(`no file ${path}`);
      return Buffer.from(file.bytes);
    },
    async open(path) {
      await alive();
      const file = files.get(path) ?? { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), isNamed: false };
      files.set(path, file);
      return {
        async write(bytes, position) {
          const fits = bytes.subarray(0, Math.max(0, Math.floor(disk.room)));
          disk.room -= fits.length;
          file.bytes = Buffer.concat([
            file.bytes.subarray(0, position),
            fits,
            file.bytes.subarray(position + fits.length),
          ]);
          await alive();
          if (fits.length < bytes.length) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
        },
        async sync() {
          await alive();
          disk.syncs += 1;
          file.synced = file.bytes;
        },
        async truncate(bytes) {
          await alive();
          disk.room += file.bytes.length - bytes;
          file.bytes = file.bytes.subarray(0, bytes);
        },
        async close() {},
      };
    },
    async writeNew(path, bytes) {
      await alive();
      if (files.has(path)) return false;
      files.set(path, { bytes: Buffer.from(bytes), synced: Buffer.from(bytes), isNamed: true });
      return true;
    },
    async cut(path, bytes) {
      await alive();
      const file = files.get(path)!;
      file.bytes = file.bytes.subarray(0, bytes);
      file.synced = file.bytes;
    },
    async remove(path) {
      await alive();
      files.delete(path);
    },
    async syncFolder(folder) {
      await alive();
      for (const [path, file] of files) if (dirname(path) === folder) file.isNamed = true;
    },
    cutPower(random) {
      life += 1;
      for (const [path, file] of files) {
        if (!file.isNamed && random.chance(0.5)) {
          files.delete(path);
          continue;
        }
        const { bytes, synced } = file;
        const kept = bytes.length > synced.length ? random.integer(synced.length, bytes.length) : synced.length;
        file.bytes = bytes.length > synced.length ? bytes.subarray(0, kept) : synced;
        file.synced = file.bytes;
        file.isNamed = true;
      }
    },
  };
  return disk;
}

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Changes a file as a failing disk does: its times stay. */
export function spoilFile(path: string, spoil: (bytes: Buffer) => Buffer): void {
  const times = `${path}.times`;
  // Node's own call rounds to less than nanoseconds.
  execFileSync('touch', ['-r', path, times]);
  writeFileSync(path, spoil(readFileSync(path)));
  execFileSync('touch', ['-r', times, path]);
  rmSync(times);
}

/** Flips one bit of the byte at this part (0 up to 1) of the file. */
export const flipBit =
  (part: number, bit = 0) =>
  (bytes: Buffer): Buffer => {
    const spoiled = Buffer.from(bytes);
    spoiled[Math.floor(part * bytes.length)]! ^= 1 << bit;
    return spoiled;
  };

/** What disks do to files. */
export const spoils: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'a flipped bit in the middle': flipBit(0.5),
  'a flipped bit in the first byte': flipBit(0, 5),
  'a flipped bit near the end': flipBit(0.95, 1),
  'cut in half': (bytes) => bytes.subarray(0, bytes.length / 2),
  empty: () => Buffer.alloc(0),
  'zeros at the end': (bytes) => Buffer.from(bytes).fill(0, Math.floor(bytes.length * 0.75)),
  'JSON of something else': () => Buffer.from('{"name":"lake","version":"1.0.0"}\n'),
};

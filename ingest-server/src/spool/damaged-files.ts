import { join } from 'node:path';
import type { SpoolFs } from './spool-fs.js';

/** The bytes in a folder's `.damaged` files, whoever set them aside. */
export async function damagedBytes(folder: string, fs: Pick<SpoolFs, 'readdir' | 'stat'>): Promise<number> {
  const names = (await fs.readdir(folder)).filter((name) => /^\d{8}\.damaged$/.test(name));
  const sizes = await Promise.all(
    // One may be taken away meanwhile.
    names.map((name) =>
      fs.stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

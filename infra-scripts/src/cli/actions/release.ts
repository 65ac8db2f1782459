import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import { makeRelease } from '../../release/archive.js';
import { showBytes } from '../text/table.js';

/** The options of `millrace release`. */
export interface ReleaseOptions {
  out: string;
  json?: true;
}

/** Makes the release and writes it into the folder `out`. */
export async function release({ out, json }: ReleaseOptions): Promise<void> {
  const { name, bytes, sha256 } = await makeRelease();
  const file = join(out, name);
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new MillraceError('CANNOT_WRITE', `cannot write the release: ${(error as Error).message}`);
  }
  console.log(json ? JSON.stringify({ file, sha256, bytes: bytes.length }) : `${file}: ${showBytes(bytes.length)}`);
}

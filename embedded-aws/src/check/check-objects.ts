import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { isBucketName } from '../s3/bucket-name.js';
import { lookAtObject } from '../s3/look-at-object.js';
import { nodeDisk } from '../s3/store/disk.js';
import { decodeMetadata } from '../s3/store/metadata-file.js';
import { walk } from '../s3/store/walk.js';
import { checkStateFile } from './check-state-file.js';
import { bytesOf, entriesOf } from './files.js';
import type { Findings } from './findings.js';

/** Looks at the objects of all buckets: `folder` has a folder for each. */
export async function checkObjects(folder: string, metaFolder: string, findings: Findings): Promise<void> {
  for (const bucket of await entriesOf(folder)) {
    if (!bucket.isDirectory() || !isBucketName(bucket.name)) continue;
    const all = walk(nodeDisk, join(folder, bucket.name), { prefix: '', after: '', rollUpFolders: false });
    for await (const walked of all) {
      if (!('key' in walked)) continue;
      await turn();
      const look = await lookAtObject(walked, bucket.name, metaFolder);
      if (look === undefined) continue;
      findings.file(look.bytes, 1);
      if (look.damage !== undefined) findings.damage({ file: walked.path, what: `is damaged: ${look.damage}` });
      if (look.unchecked === 'no metadata') findings.unchecked();
    }
  }
}

/** Looks at the metadata of all objects. */
export async function checkMetadata(metaFolder: string, findings: Findings): Promise<void> {
  const folder = join(metaFolder, 'objects');
  for (const bucket of await entriesOf(folder)) {
    for (const { name } of await entriesOf(join(folder, bucket.name))) {
      const path = join(folder, bucket.name, name);
      await checkStateFile(path, findings, async () => {
        const text = await bytesOf(path);
        return text === undefined ? 0 : Number(decodeMetadata(path, text.toString()).versions.length > 0);
      });
    }
  }
}

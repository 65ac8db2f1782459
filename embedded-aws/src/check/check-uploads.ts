import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeUploadFile } from '../s3/multipart/upload-file.js';
import { checkStateFile } from './check-state-file.js';
import { bytesOf, entriesOf } from './files.js';
import type { Findings } from './findings.js';

/** Looks at uploads in parts that are neither completed nor aborted. */
export async function checkUploads(metaFolder: string, findings: Findings): Promise<void> {
  const root = join(metaFolder, 'uploads');
  for (const bucket of await entriesOf(root))
    for (const upload of await entriesOf(join(root, bucket.name)))
      await checkUpload(join(root, bucket.name, upload.name), findings);
}

async function checkUpload(folder: string, findings: Findings): Promise<void> {
  for (const { name } of await entriesOf(folder)) {
    if (!name.endsWith('.json')) continue;
    const path = join(folder, name);
    let part: { file?: string; etag?: string } = {};
    await checkStateFile(path, findings, async () => {
      part = decodeUploadFile(path, String(await bytesOf(path))) as typeof part;
      return 1;
    });
    if (part.file === undefined) continue;
    const content = await bytesOf(join(folder, part.file));
    if (content === undefined) continue;
    findings.file(content.length, 0);
    if (createHash('md5').update(content).digest('hex') !== part.etag)
      findings.damage({
        file: join(folder, part.file),
        what: 'is damaged: its bytes do not fit the ETag of the part. Upload the part again',
      });
  }
}

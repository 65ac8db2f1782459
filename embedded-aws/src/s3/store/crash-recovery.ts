import { join } from 'node:path';
import type { Log } from '../../service.js';
import { type Disk, unlessAbsent } from './disk.js';
import type { MetadataStore } from './metadata.js';
import type { ObjectPlaces } from './object-places.js';
import { readTempName } from './temp-names.js';

/**
 * Removes the temp files that a process left behind when it died, and cuts the metadata of the objects that it was
 * changing to what belongs to their files.
 */
export async function recoverFromCrash(
  tempFolder: string,
  places: ObjectPlaces,
  metadata: MetadataStore,
  disk: Disk,
  log: Log,
): Promise<void> {
  const left = await disk.readdir(tempFolder);
  for (const name of left) {
    const changed = readTempName(name);
    if (changed) {
      const { bucket, keyHash } = changed;
      await metadata.reduce(bucket, keyHash, async (key) => (await places.find(bucket, key)).located);
    }
    await unlessAbsent(disk.unlink(join(tempFolder, name)));
  }
  if (left.length > 0) log(`S3: removed ${left.length} temporary file(s) of changes that a process did not finish.`);
}

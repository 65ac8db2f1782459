import { join } from 'node:path';
import type { Disk } from './disk.js';
import { readFolder } from './folder-entries.js';
import { folderNames } from './key-path.js';
import { compareUtf8 } from './utf8-order.js';

/** Which objects to visit. */
export interface WalkOptions {
  /** Only keys that start with it; reads no folder that cannot hold one. */
  readonly prefix: string;
  /** Only keys after it; empty for all. */
  readonly after: string;
  /** Skips keys that start with it: the common prefix at the end of the last page. */
  readonly behindPrefix?: string;
  /**
   * Returns the folders in the prefix's folder as common prefixes; reads them only to see whether they hold an object.
   */
  readonly rollUpFolders: boolean;
}

/** An object, or a folder that was rolled up. */
export type Walked = { readonly key: string; readonly path: string } | { readonly commonPrefix: string };

/** The objects of a bucket in the order of their keys' UTF-8 bytes. Reads a folder only when its keys are needed. */
export async function* walk(disk: Disk, bucketFolder: string, options: WalkOptions): AsyncGenerator<Walked> {
  const segments = options.prefix.split('/').slice(0, -1);
  const folder = join(bucketFolder, ...segments.flatMap(folderNames));
  yield* walkFolder(disk, folder, segments.map((segment) => `${segment}/`).join(''), options);
}

async function* walkFolder(disk: Disk, path: string, above: string, options: WalkOptions): AsyncGenerator<Walked> {
  const { prefix, after, behindPrefix, rollUpFolders } = options;
  for (const entry of await readFolder(disk, path)) {
    const key = above + entry.name + (entry.folder ? '/' : '');
    if (!key.startsWith(prefix) || (behindPrefix !== undefined && key.startsWith(behindPrefix))) continue;
    const isBehind = after === '' || compareUtf8(key, after) > 0;
    if (!entry.folder) {
      if (isBehind) yield { key, path: entry.path };
      continue;
    }
    // A folder before the marker has only keys before it, unless the marker is in that folder.
    if (!isBehind && !after.startsWith(key)) continue;
    const inside = walkFolder(disk, entry.path, key, { ...options, prefix: '', rollUpFolders: false });
    if (!rollUpFolders) yield* inside;
    else if (!(await inside.next()).done) yield { commonPrefix: key };
  }
}

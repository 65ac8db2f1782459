import { join } from 'node:path';
import type { Disk } from './disk.js';
import { readFolder } from './folder-entries.js';
import { folderNames } from './key-path.js';
import { compareUtf8 } from './utf8-order.js';

export interface WalkOptions {
  /** Only keys that begin with it; no folder is read that cannot hold one. */
  readonly prefix: string;
  /** Only keys behind it in the order; empty for all. */
  readonly after: string;
  /** Leave out whatever begins with it: the common prefix that the last page ended with. */
  readonly behindPrefix?: string;
  /** Give the folders in the prefix's folder as common prefixes, unread but for the question whether an object is in them. */
  readonly rollUpFolders: boolean;
}

export type Walked = { readonly key: string; readonly path: string } | { readonly commonPrefix: string };

/** The objects of a bucket in the order of their keys' UTF-8 bytes, read folder by folder as they are asked for. */
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
    // All keys of a folder before the marker are before it too, unless the marker is in that very folder.
    if (!isBehind && !after.startsWith(key)) continue;
    const inside = walkFolder(disk, entry.path, key, { ...options, prefix: '', rollUpFolders: false });
    if (!rollUpFolders) yield* inside;
    else if (!(await inside.next()).done) yield { commonPrefix: key };
  }
}

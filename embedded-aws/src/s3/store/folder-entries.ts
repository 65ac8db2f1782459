import { join } from 'node:path';
import { type Disk, unlessAbsent } from './disk.js';
import { folderNames, keyPath, readName, unescapeText } from './key-path.js';
import { compareUtf8 } from './utf8-order.js';

/** A file or folder of a bucket, by its name in a key. */
export interface FolderEntry {
  /** One segment of a key. */
  readonly name: string;
  readonly folder: boolean;
  readonly path: string;
}

/**
 * The entries of a folder in the order of the keys: a folder sorts with the `/` after its name. Skips names with a mark
 * of key-path.ts that no key leads to, and what is neither file nor folder. Empty for a folder that does not exist.
 */
export async function readFolder(disk: Disk, path: string): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  await collect(disk, path, [], '', entries);
  // A person's copy may have put an object in both of its places. The plain one counts, which is shorter, as when it is
  // looked up.
  entries.sort((a, b) => compareUtf8(sortName(a), sortName(b)) || a.path.length - b.path.length);
  return entries.filter((entry, i) => i === 0 || sortName(entry) !== sortName(entries[i - 1]!));
}

const sortName = (entry: FolderEntry) => (entry.folder ? `${entry.name}/` : entry.name);

/**
 * Adds the entries of one folder. `begun`: the `%-` folders between it and the one that is read; `text`: what they
 * stand for.
 */
async function collect(disk: Disk, path: string, begun: string[], text: string, entries: FolderEntry[]): Promise<void> {
  const found = await unlessAbsent(disk.readdir(path, { withFileTypes: true }));
  for (const entry of found ?? []) {
    const read = readName(entry.name);
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const names = [...begun, entry.name];
    if (read.kind === 'continued') {
      if (entry.isDirectory()) await collect(disk, join(path, entry.name), names, text + read.text, entries);
      continue;
    }
    if (read.kind === 'plain' && begun.length > 0) continue;
    const name = read.kind === 'plain' ? read.text : unescapeText(text + read.text);
    const folder = entry.isDirectory();
    if (!leadsTo(name, folder, names)) continue;
    entries.push({ name, folder, path: join(path, entry.name) });
  }
}

/** Whether a key with this segment has its file under these names. */
function leadsTo(name: string, folder: boolean, names: readonly string[]): boolean {
  const path = names.join('/');
  if (name.includes('/')) return false;
  if (folder) return folderNames(name).join('/') === path;
  const { file, beside } = keyPath(name);
  return [file, beside].some((place) => [...place.folders, place.name].join('/') === path);
}

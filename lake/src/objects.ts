import { open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** An object of the lake's bucket: JSON Lines, or Parquet. */
export interface LakeObject {
  /** The S3 key. */
  key: string;
  /** The file, absolute, without symbolic links in it. */
  path: string;
  /** Its Hive partition: `{page:'books', event:'liked_item'}`, perhaps with `dt`. Empty for an error object. */
  partition: Record<string, string>;
  gzip: boolean;
  parquet: boolean;
}

export interface LakeListing {
  /** The lake's folder as DuckDB is given it; undefined when it does not exist yet. */
  root: string | undefined;
  /** Objects under `page=…/event=…/`. */
  delivered: LakeObject[];
  /** Firehose's error objects, under `errors/`. */
  errors: LakeObject[];
  /** Keys under `page=…/` or `errors/` that we cannot read, each with the reason. */
  strange: { key: string; reason: string }[];
}

const hivePart = /^([^=]+)=(.*)$/;
/** What Firehose can also write, and DuckDB cannot read. */
const unreadable = /\.(zip|snappy|hsnappy|orc|bz2|zst)$/i;

/** As DuckDB reads a partition's value. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function hivePartition(folders: string[]): Record<string, string> {
  const pairs = folders.flatMap((folder) => {
    const match = hivePart.exec(folder);
    return match ? [[match[1]!, decoded(match[2]!)]] : [];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Firehose names error objects without an extension, so that only their first bytes say whether they are compressed. */
async function beginsLikeGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/**
 * What lies in the bucket's folder now. Symbolic links are never followed. Files that begin with a dot are no objects of ours.
 * @throws Error when the folder, or one in it, cannot be read.
 */
export async function listLake(folder: string): Promise<LakeListing> {
  const listing: LakeListing = { root: undefined, delivered: [], errors: [], strange: [] };
  try {
    listing.root = await realpath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return listing;
    throw new Error(`the lake's folder ${folder} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  await walk(listing, listing.root, []);
  const byKey = (a: LakeObject, b: LakeObject) => (a.key < b.key ? -1 : 1);
  listing.delivered.sort(byKey);
  listing.errors.sort(byKey);
  return listing;
}

async function walk(listing: LakeListing, directory: string, folders: string[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // Gone since its parent was read: then it holds nothing.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    if (entry.isDirectory()) await walk(listing, join(directory, entry.name), [...folders, entry.name]);
    else if (entry.isFile() && !entry.name.startsWith('.')) await sort(listing, folders, entry.name);
  }
}

async function sort(listing: LakeListing, folders: string[], name: string): Promise<void> {
  const isError = folders[0] === 'errors';
  if (!isError && !folders[0]?.startsWith('page=')) return;
  const key = [...folders, name].join('/');
  const path = [listing.root, ...folders, name].join(sep);
  if (isError) {
    const gzip = name.endsWith('.gz') || (await beginsLikeGzip(path));
    listing.errors.push({ key, path, partition: {}, gzip, parquet: false });
  } else if (!folders[1]?.startsWith('event=')) {
    listing.strange.push({ key, reason: 'lies under page=…/ but not under page=…/event=…/' });
  } else if (unreadable.test(name)) {
    listing.strange.push({ key, reason: 'is neither JSON Lines, plain or .gz, nor Parquet by its name' });
  } else {
    listing.delivered.push({
      key,
      path,
      partition: hivePartition(folders),
      gzip: name.endsWith('.gz'),
      parquet: /\.parquet$/i.test(name),
    });
  }
}

import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { PassedOver } from '../lake.js';
import { formatOf, type ObjectFormat } from './object-format.js';

/** An object of the lake's bucket that the lake can read: JSON Lines or Parquet. */
export interface LakeObject extends ObjectFormat {
  /** The S3 key. */
  key: string;
  /** The file: absolute, without symbolic links in it. */
  path: string;
  /** Its Hive partition: `{page:'books', event:'liked_item'}`, perhaps with `dt`. Empty for an error object. */
  partition: Record<string, string>;
}

/** The objects of the lake at one moment, sorted by key. */
export interface LakeListing {
  /** The lake's folder, without symbolic links; undefined when it does not exist yet. */
  root: string | undefined;
  /** Objects under `page=…/event=…/`. */
  delivered: LakeObject[];
  /** Firehose's error objects, under `errors/`. */
  errors: LakeObject[];
  /** Keys under `page=…/` that we cannot read, each with the reason. */
  strange: { key: string; reason: string }[];
  /** Files that are no part of a lake. */
  passedOver: PassedOver;
}

const hivePart = /^([^=]+)=(.*)$/s;
/** Formats that Firehose can write and DuckDB cannot read. */
const unreadable = /\.(zip|snappy|hsnappy|orc|bz2|zst)$/i;

/** Decodes a partition's value as DuckDB does. */
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

/**
 * Lists the bucket's folder. Follows no symbolic link. Passes over, as Athena does, files and folders whose names begin
 * with a dot or an underscore.
 * @throws MillraceError `LAKE_UNREADABLE` when the folder cannot be read; the file system's error for a folder in it
 */
export async function listObjects(folder: string): Promise<LakeListing> {
  const listing: LakeListing = {
    root: undefined,
    delivered: [],
    errors: [],
    strange: [],
    passedOver: { count: 0, some: [] },
  };
  try {
    listing.root = await realpath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return listing;
    throw new MillraceError('LAKE_UNREADABLE', `cannot read the lake's folder ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  await walk(listing, listing.root, []);
  const byKey = (a: LakeObject, b: LakeObject) => (a.key < b.key ? -1 : 1);
  listing.delivered.sort(byKey);
  listing.errors.sort(byKey);
  return listing;
}

async function walk(listing: LakeListing, directory: string, folders: string[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // Deleted since its parent was read.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    // What lies hidden beside a lake, as what an audit keeps, is nobody's data.
    if (folders.length === 0 && entry.name.startsWith('.') && entry.isDirectory()) continue;
    if (entry.isDirectory()) await walk(listing, join(directory, entry.name), [...folders, entry.name]);
    else if (isPartOfLake(folders, entry)) addObject(listing, folders, entry.name);
    else passOver(listing.passedOver, [...folders, entry.name].join('/'));
  }
}

/** How many of the files that are passed over are named. */
const mostNamed = 3;

function passOver(passedOver: PassedOver, key: string): void {
  passedOver.count += 1;
  if (passedOver.some.length < mostNamed) passedOver.some.push(key);
}

const isHidden = (name: string) => /^[._]/.test(name);

const isPartOfLake = (folders: string[], entry: Dirent) =>
  entry.isFile() &&
  !isHidden(entry.name) &&
  !folders.some(isHidden) &&
  (folders[0] === 'errors' || folders[0]?.startsWith('page=') === true);

function addObject(listing: LakeListing, folders: string[], name: string): void {
  const isError = folders[0] === 'errors';
  const key = [...folders, name].join('/');
  const path = [listing.root, ...folders, name].join(sep);
  if (isError) {
    listing.errors.push({ key, path, partition: {}, ...formatOf(path, name), parquet: false });
  } else if (!folders[1]?.startsWith('event=')) {
    listing.strange.push({ key, reason: 'is under page=…/ but not under page=…/event=…/' });
  } else if (unreadable.test(name)) {
    listing.strange.push({
      key,
      reason: 'has the name of a format that the lake cannot read: it reads JSON Lines, plain or gzip, and Parquet',
    });
  } else {
    listing.delivered.push({
      key,
      path,
      partition: hivePartition(folders),
      ...formatOf(path, name),
    });
  }
}

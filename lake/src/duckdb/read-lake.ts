import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '@millrace/kit/duckdb-sandbox';
import type { DamagedObject, LakeWarnings, Looked } from '../lake.js';
import { type CleanCopy, copyGoodLines } from './clean-copy.js';
import { damageMessage, mayBeDamage, messageOf } from './damage.js';
import { type LakeListing, type LakeObject, listObjects } from './list-objects.js';
import { type Copies, type EngineLimits, openEngine } from './open-engine.js';
import { readToEnd } from './read-objects.js';

/** One reading of the lake: its objects as they were listed, and a DuckDB with views over them. */
export interface LakeReading extends LakeWarnings {
  listing: LakeListing;
  engine: Sandbox;
  looked: Looked;
}

const mostObjectsNamed = 3;
const mostAttempts = 20;

/**
 * Opens the lake as it is now and does the work on it. When an object turns out to be damaged, marks it, so that only
 * its bad lines are skipped, and does the work again from the start: no answer lacks a row without naming the object.
 * `isWanted` leaves objects out.
 */
export async function readLake<Answer>(
  folder: string,
  limits: EngineLimits,
  work: (reading: LakeReading) => Promise<Answer>,
  isWanted: (object: LakeObject) => boolean = () => true,
): Promise<Answer> {
  const copies: Copies = { folder: undefined, made: [] };
  try {
    return await readWith(copies, folder, limits, work, isWanted);
  } finally {
    if (copies.folder) await rm(copies.folder, { recursive: true, force: true });
  }
}

/** Copies the good lines of an object, once. */
async function copied(copies: Copies, object: LakeObject): Promise<CleanCopy> {
  copies.folder ??= await realpath(await mkdtemp(join(tmpdir(), 'millrace-copies-')));
  const copy = await copyGoodLines(object, join(copies.folder, `${copies.made.length}.json`));
  copies.made.push(copy);
  return copy;
}

async function readWith<Answer>(
  copies: Copies,
  folder: string,
  limits: EngineLimits,
  work: (reading: LakeReading) => Promise<Answer>,
  isWanted: (object: LakeObject) => boolean,
): Promise<Answer> {
  const damaged = new Map<string, DamagedObject>();
  for (let attempt = 1; ; attempt++) {
    const all = await listObjects(folder);
    const listing = { ...all, delivered: all.delivered.filter(isWanted), errors: all.errors.filter(isWanted) };
    await copyOdd(listing.delivered, copies, damaged);
    const dead = new Set(
      [...damaged].filter(([, { unreadableLines }]) => unreadableLines === null).map(([path]) => path),
    );
    const alive = {
      ...listing,
      delivered: listing.delivered.filter(({ path }) => !dead.has(path)),
      errors: listing.errors.filter(({ path }) => !dead.has(path)),
    };
    let engine: Sandbox | undefined;
    try {
      engine = await openEngine(alive, copies, limits);
      const looked = { folder, objects: alive.delivered.length + alive.errors.length, passedOver: listing.passedOver };
      return await work({ listing, engine, damaged: [...damaged.values()], strange: listing.strange, looked });
    } catch (error) {
      const message = messageOf(error);
      if (attempt === mostAttempts || !mayBeDamage(message)) throw error;
      const candidates = [...alive.delivered, ...alive.errors].filter(({ path }) => !damaged.has(path));
      // DuckDB opens Parquet objects when it makes their view.
      engine ??= await openEngine({ ...alive, delivered: [], errors: [] }, { ...copies, made: [] }, limits);
      const found = await findDamage(engine, copies, message, candidates, damaged.size >= mostObjectsNamed);
      for (const [path, damage] of found) damaged.set(path, damage);
      // No object is damaged, and none was deleted meanwhile: the error is the query's own.
      if (found.size === 0 && (await allThere(candidates))) throw error;
    } finally {
      engine?.close();
    }
  }
}

/** Names that DuckDB reads as it likes: a second `=`, a pattern, Hive's word for none, a key that comes twice. */
const isOddKey = (key: string) => {
  const folders = key.split('/').slice(0, -1);
  const names = folders.map((folder) => folder.split('=')[0]);
  return (
    /[*?[\]{}]/.test(key) ||
    folders.some((folder) => folder.split('=').length > 2 || folder.includes('__HIVE_DEFAULT_PARTITION__')) ||
    new Set(names).size < names.length
  );
};

/** Objects with odd keys are read from copies, or the whole lake would be unreadable. */
async function copyOdd(objects: LakeObject[], copies: Copies, damaged: Map<string, DamagedObject>): Promise<void> {
  for (const object of objects) {
    const { key, path } = object;
    if (object.parquet || !isOddKey(key) || damaged.has(path)) continue;
    if (copies.made.some((copy) => copy.object.path === path)) continue;
    try {
      const { unreadableLines } = await copied(copies, object);
      if (unreadableLines > 0)
        damaged.set(path, { key, message: 'has lines that are not JSON objects', unreadableLines });
    } catch (error) {
      damaged.set(path, { key, message: messageOf(error), unreadableLines: null });
    }
  }
}

async function allThere(objects: LakeObject[]): Promise<boolean> {
  for (const { path } of objects) {
    if (!(await stat(path).catch(() => undefined))) return false;
  }
  return true;
}

/** Most of DuckDB's errors name the object. Tries each object where the error does not, or where many are damaged. */
async function findDamage(
  engine: Sandbox,
  copies: Copies,
  message: string,
  objects: LakeObject[],
  many: boolean,
): Promise<Map<string, DamagedObject>> {
  const named = objects.filter(({ path }) => message.includes(path)).sort((a, b) => b.path.length - a.path.length)[0];
  const found = new Map<string, DamagedObject>();
  for (const object of named && !many ? [named] : objects) {
    const damage = await examine(engine, copies, object);
    if (damage) found.set(object.path, damage);
  }
  return found;
}

async function examine(
  { connection }: Sandbox,
  copies: Copies,
  object: LakeObject,
): Promise<DamagedObject | undefined> {
  const there = await stat(object.path).catch(() => undefined);
  if (!there) return undefined;
  if (there.size === 0) return { key: object.key, message: 'is empty: it has 0 bytes', unreadableLines: null };
  try {
    await connection.run(readToEnd(object));
    return undefined;
  } catch (error) {
    const message = damageMessage(messageOf(error), object.path);
    // The view `errors` skips bad lines anyhow: of an error object it is the compression that failed. Parquet has no
    // lines.
    if (!('page' in object.partition) || object.parquet) return { key: object.key, message, unreadableLines: null };
    try {
      const { unreadableLines } = await copied(copies, object);
      return { key: object.key, message, unreadableLines };
    } catch {
      return { key: object.key, message, unreadableLines: null };
    }
  }
}

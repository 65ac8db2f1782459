import { stat } from 'node:fs/promises';
import type { Sandbox } from '@millrace/kit/duckdb-sandbox';
import type { DamagedObject, LakeWarnings, Looked } from '../lake.js';
import { damageMessage, mayBeDamage, messageOf } from './damage.js';
import { type LakeListing, type LakeObject, listObjects } from './list-objects.js';
import { type EngineLimits, openEngine } from './open-engine.js';
import { countLines, readToEnd } from './read-objects.js';

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
  const damaged = new Map<string, DamagedObject>();
  for (let attempt = 1; ; attempt++) {
    const all = await listObjects(folder);
    const listing = { ...all, delivered: all.delivered.filter(isWanted), errors: all.errors.filter(isWanted) };
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
      engine = await openEngine(alive, new Set(damaged.keys()), limits);
      const looked = { folder, objects: alive.delivered.length + alive.errors.length, passedOver: listing.passedOver };
      return await work({ listing, engine, damaged: [...damaged.values()], strange: listing.strange, looked });
    } catch (error) {
      const message = messageOf(error);
      if (attempt === mostAttempts || !mayBeDamage(message)) throw error;
      const candidates = [...alive.delivered, ...alive.errors].filter(({ path }) => !damaged.has(path));
      // DuckDB opens Parquet objects when it makes their view.
      engine ??= await openEngine({ ...alive, delivered: [], errors: [] }, new Set(), limits);
      const found = await findDamage(engine, message, candidates, damaged.size >= mostObjectsNamed);
      for (const [path, damage] of found) damaged.set(path, damage);
      // No object is damaged, and none was deleted meanwhile: the error is the query's own.
      if (found.size === 0 && (await allThere(candidates))) throw error;
    } finally {
      engine?.close();
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
  message: string,
  objects: LakeObject[],
  many: boolean,
): Promise<Map<string, DamagedObject>> {
  const named = objects.filter(({ path }) => message.includes(path)).sort((a, b) => b.path.length - a.path.length)[0];
  const found = new Map<string, DamagedObject>();
  for (const object of named && !many ? [named] : objects) {
    const damage = await examine(engine, object);
    if (damage) found.set(object.path, damage);
  }
  return found;
}

async function examine({ connection }: Sandbox, object: LakeObject): Promise<DamagedObject | undefined> {
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
      const counted = await connection.runAndReadAll(countLines(object));
      return { key: object.key, message, unreadableLines: Number(counted.value(1, 0)) };
    } catch {
      return { key: object.key, message, unreadableLines: null };
    }
  }
}

import { stat } from 'node:fs/promises';
import type { Sandbox } from '@millrace/kit/duckdb-sandbox';
import { type DamagedObject, damageMessage, mayBeDamage, messageOf } from './damage.js';
import { type EngineLimits, openEngine } from './engine.js';
import { type LakeListing, type LakeObject, listLake } from './objects.js';
import { countLines, readWhole } from './views.js';

/** What could not be read whole, as of one reading of the lake. */
export interface LakeWarnings {
  damaged: DamagedObject[];
  /** Keys that are no objects of the lake, each with the reason: their contents are in no answer. */
  strange: { key: string; reason: string }[];
}

export interface Reading extends LakeWarnings {
  listing: LakeListing;
  engine: Sandbox;
}

const mostObjectsNamed = 3;
const mostAttempts = 20;

/**
 * Reads the lake as it is now. When an object turns out to be damaged, it is set apart, with its readable lines kept, and the work is
 * done again from the start: an answer is never short of a row without saying of which object.
 */
export async function readLake<Answer>(
  folder: string,
  limits: EngineLimits,
  work: (reading: Reading) => Promise<Answer>,
): Promise<Answer> {
  const damaged = new Map<string, DamagedObject>();
  for (let attempt = 1; ; attempt++) {
    const listing = await listLake(folder);
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
      return await work({ listing, engine, damaged: [...damaged.values()], strange: listing.strange });
    } catch (error) {
      const message = messageOf(error);
      if (attempt === mostAttempts || !mayBeDamage(message)) throw error;
      const candidates = [...alive.delivered, ...alive.errors].filter(({ path }) => !damaged.has(path));
      // Parquet is looked into when its view is made.
      engine ??= await openEngine({ ...alive, delivered: [], errors: [] }, new Set(), limits);
      const found = await findDamage(engine, message, candidates, damaged.size >= mostObjectsNamed);
      for (const [path, damage] of found) damaged.set(path, damage);
      // Nothing wrong with any object, and none has gone meanwhile: the error is the query's own.
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

/** DuckDB names the object in most of its errors; where it does not, or where many are damaged, each object is tried. */
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
    await connection.run(readWhole(object));
    return undefined;
  } catch (error) {
    const message = damageMessage(messageOf(error), object.path);
    // Of an error object, bad lines are passed over anyhow: what failed is its compression. Parquet has no lines.
    if (!('page' in object.partition) || object.parquet) return { key: object.key, message, unreadableLines: null };
    try {
      const counted = await connection.runAndReadAll(countLines(object));
      return { key: object.key, message, unreadableLines: Number(counted.value(1, 0)) };
    } catch {
      return { key: object.key, message, unreadableLines: null };
    }
  }
}

import { stat } from 'node:fs/promises';
import type { Sandbox } from '@millrace/kit/duckdb-sandbox';
import type { DamagedObject, LakeWarnings, Looked } from '../lake.js';
import type { ObjectCheck } from '../object-check.js';
import { findSpoiled } from './check-objects.js';
import { damageMessage, mayBeDamage, messageOf } from './damage.js';
import { emptyMessage, findDamage } from './find-damage.js';
import { type LakeListing, type LakeObject, listObjects } from './list-objects.js';
import { type EngineLimits, openEngine } from './open-engine.js';
import { readShapes } from './parquet-shapes.js';
import { createSources, type Source, type Sources } from './sources.js';
import type { Readable } from './views.js';

/** One reading of the lake: its objects as they were listed, and a DuckDB with views over them. */
export interface LakeReading extends LakeWarnings {
  listing: LakeListing;
  engine: Sandbox;
  looked: Looked;
}

/** Where a lake lies, and what its reading may take and looks at. */
export interface LakePlace {
  folder: string;
  limits: EngineLimits;
  check?: ObjectCheck | undefined;
}

const mostObjectsNamed = 3;
const mostAttempts = 20;

/**
 * Opens the lake as it is now and does the work on it. When an object turns out to be damaged, marks it, so that only
 * its bad lines are skipped, and does the work again from the start: no answer lacks a row without naming the object.
 * `isWanted` leaves objects out.
 */
export async function readLake<Answer>(
  place: LakePlace,
  work: (reading: LakeReading) => Promise<Answer>,
  isWanted: (object: LakeObject) => boolean = () => true,
): Promise<Answer> {
  const sources = createSources();
  try {
    return await readWith(sources, place, work, isWanted);
  } finally {
    await sources.remove();
  }
}

async function readWith<Answer>(
  sources: Sources,
  { folder, limits, check }: LakePlace,
  work: (reading: LakeReading) => Promise<Answer>,
  isWanted: (object: LakeObject) => boolean,
): Promise<Answer> {
  const damaged = new Map<string, DamagedObject>();
  const checked = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    const all = await listObjects(folder);
    const listing = { ...all, delivered: all.delivered.filter(isWanted), errors: all.errors.filter(isWanted) };
    const unchecked = [...listing.delivered, ...listing.errors].filter(({ key }) => !checked.has(key));
    for (const spoiled of check ? await findSpoiled(unchecked, check) : []) damaged.set(spoiled.key, spoiled);
    for (const { key } of unchecked) checked.add(key);
    const openPlain = () => openEngine(nothing(listing.root), sources.folder, limits);
    const readable = await readableOf(listing, sources, damaged, openPlain);
    const { delivered, errors } = readable;
    let engine: Sandbox | undefined;
    try {
      engine = await openEngine(readable, sources.folder, limits);
      const looked = { folder, objects: delivered.length + errors.length, passedOver: listing.passedOver };
      return await work({ listing, engine, damaged: [...damaged.values()], strange: listing.strange, looked });
    } catch (error) {
      const message = messageOf(error);
      if (attempt === mostAttempts || !mayBeDamage(message)) throw error;
      const candidates = [...delivered, ...errors].filter(({ kind }) => kind !== 'copy');
      const found = await findDamage(openPlain, sources, candidates, message, damaged.size >= mostObjectsNamed);
      for (const damage of found.damaged) damaged.set(damage.key, damage);
      // No object is damaged, and none was deleted meanwhile: the error is the query's own.
      if (found.changed === 0) throw error;
    } finally {
      engine?.close();
    }
  }
}

const nothing = (root: string | undefined): Readable => ({ root, delivered: [], errors: [], shapes: new Map() });

/** What can be read of the listed objects; marks Parquet whose end cannot be read. */
async function readableOf(
  { root, delivered, errors }: LakeListing,
  sources: Sources,
  damaged: Map<string, DamagedObject>,
  openPlain: () => Promise<Sandbox>,
): Promise<Readable> {
  const sourcesOf = async (objects: readonly LakeObject[]) => {
    const found: Source[] = [];
    for (const object of objects) {
      if (damaged.get(object.key)?.unreadableLines !== null) found.push(await sources.of(object));
    }
    return found;
  };
  const readable = { root, delivered: await sourcesOf(delivered), errors: await sourcesOf(errors) };
  const parquet = readable.delivered.filter((source) => source.parquet);
  if (parquet.length === 0) return { ...readable, shapes: new Map() };
  const engine = await openPlain();
  try {
    const paths = parquet.map(({ path }) => path);
    const { shapes, failed } = await readShapes(engine.connection, paths);
    for (const { object, path } of parquet) {
      const message = failed.get(path);
      const there = message === undefined ? undefined : await stat(object.path).catch(() => undefined);
      if (message === undefined || !there) continue;
      const text = there.size === 0 ? emptyMessage : damageMessage(message, path);
      damaged.set(object.key, { key: object.key, message: text, unreadableLines: null });
    }
    return {
      ...readable,
      delivered: readable.delivered.filter((each) => !each.parquet || shapes.has(each.path)),
      shapes,
    };
  } finally {
    engine.close();
  }
}

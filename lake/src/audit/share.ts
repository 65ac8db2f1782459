import type { LakeObject } from '../duckdb/list-objects.js';
import type { DamagedObject } from '../lake.js';
import type { Facts } from './facts.js';
import { ObjectReader } from './read-object.js';

/** An object to read. */
export interface ObjectToRead {
  object: LakeObject;
  /** Its place among the delivered objects; -1 for an error object. */
  index: number;
}

/** What became of the objects of one reader. */
export interface ReadObjects {
  damaged: DamagedObject[];
  /** How many were deleted before they were read. */
  gone: number;
  /** When each was written, by its index. */
  modified: [index: number, ms: number][];
}

/** What a reader of some of the objects is told; all of them draw on one counter. */
export interface ShareOptions {
  objects: readonly ObjectToRead[];
  /** The place of the next object that nobody has taken. */
  counter: Int32Array;
  seed: number;
  checksums: boolean;
}

/** Reads objects into facts until none is left. */
export async function readShare(
  facts: Facts,
  { objects, counter, seed, checksums }: ShareOptions,
  signal?: AbortSignal,
): Promise<ReadObjects> {
  const reader = new ObjectReader(facts, seed, { checksums, signal });
  const read: ReadObjects = { damaged: [], gone: 0, modified: [] };
  for (;;) {
    const next = objects[Atomics.add(counter, 0, 1)];
    if (next === undefined) return read;
    signal?.throwIfAborted();
    const { result, modifiedMs } = await reader.read(next.object, next.index);
    if (next.index >= 0) read.modified.push([next.index, modifiedMs]);
    if (result === 'gone') read.gone += 1;
    else if (result) read.damaged.push(result);
  }
}

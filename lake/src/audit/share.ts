import type { LakeObject } from '../duckdb/list-objects.js';
import type { DamagedObject } from '../lake.js';
import type { ReadColumn } from './line.js';
import type { PartedFacts } from './parted-facts.js';
import { ObjectReader } from './read-object.js';

/** An object to read. */
export interface ObjectToRead {
  object: LakeObject;
  /** Its place among the lake's objects. */
  index: number;
}

/** What became of the objects of one reader. */
export interface ReadObjects {
  damaged: DamagedObject[];
  /** How many were deleted before they were read. */
  gone: number;
}

/** What a reader of some of the objects is told; all of them draw on one counter. */
export interface ShareOptions {
  objects: readonly ObjectToRead[];
  /** The place of the next object that nobody has taken. */
  counter: Int32Array;
  seed: number;
  checksums: boolean;
  columns: readonly ReadColumn[];
}

/** Where what was read goes. */
export interface Sink {
  /** The facts of the next object go here. */
  readonly facts: PartedFacts;
  /** The object's place in the facts. */
  place(object: ObjectToRead): number;
  done(object: ObjectToRead, state: string): Promise<void>;
}

/** Reads objects until none is left. */
export async function readShare(
  sink: Sink,
  { objects, counter, checksums, columns }: ShareOptions,
  signal?: AbortSignal,
): Promise<ReadObjects> {
  const read: ReadObjects = { damaged: [], gone: 0 };
  const reader = new ObjectReader(sink.facts, { checksums, columns, signal });
  for (;;) {
    const next = objects[Atomics.add(counter, 0, 1)];
    if (next === undefined) return read;
    signal?.throwIfAborted();
    const { result, state } = await reader.read(next.object, sink.place(next));
    if (result === 'gone') read.gone += 1;
    else if (result) read.damaged.push(result);
    await sink.done(next, result === undefined ? state : '');
  }
}

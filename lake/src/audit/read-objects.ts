import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LakeListing } from '../duckdb/list-objects.js';
import type { EngineLimits } from '../duckdb/open-engine.js';
import type { AuditOptions } from '../lake.js';
import { addPacked, Facts, type PackedFacts } from './facts.js';
import { readParquet } from './read-parquet.js';
import { type ObjectToRead, type ReadObjects, readShare, type ShareOptions } from './share.js';

/** A worker starts in the time in which as much is read. */
const bytesPerWorker = 8_000_000;

/** Everything that is read of a lake. */
export type LakeFacts = { facts: Facts } & Omit<ReadObjects, 'modified'> & { modified: Float64Array };

/** Reads all objects: lines on several threads, Parquet by DuckDB. */
export async function readObjects(
  folder: string,
  limits: EngineLimits,
  { delivered, errors }: LakeListing,
  { checksums = true, threads = availableParallelism(), signal }: AuditOptions,
): Promise<LakeFacts> {
  const seed = randomInt(2 ** 32);
  const facts = new Facts(seed);
  const objects: ObjectToRead[] = [
    ...delivered.map((object, index) => ({ object, index })).filter(({ object }) => !object.parquet),
    ...errors.map((object) => ({ object, index: -1 })),
  ];
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const share = { objects, counter, seed, checksums };
  const workers = Math.min(threads, Math.floor((await bytesOf(objects)) / bytesPerWorker));
  const reads = await (workers > 1 ? readOnWorkers(facts, share, workers, signal) : readAlone(facts, share, signal));
  const modified = new Float64Array(delivered.length);
  for (const [index, ms] of reads.flatMap((read) => read.modified)) modified[index] = ms;
  const damaged = reads.flatMap((read) => read.damaged);
  if (delivered.some((object) => object.parquet)) {
    const indexes = new Map(delivered.map(({ key }, index) => [key, index]));
    damaged.push(...(await readParquet(facts, seed, (key) => indexes.get(key), { folder, limits, signal })));
  }
  damaged.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { facts, damaged, gone: reads.reduce((sum, read) => sum + read.gone, 0), modified };
}

async function bytesOf(objects: readonly ObjectToRead[]): Promise<number> {
  let bytes = 0;
  for (const { object } of objects) bytes += (await stat(object.path).catch(() => ({ size: 0 }))).size;
  return bytes;
}

async function readAlone(facts: Facts, share: ShareOptions, signal: AbortSignal | undefined): Promise<ReadObjects[]> {
  return [await readShare(facts, share, signal)];
}

async function readOnWorkers(
  facts: Facts,
  workerData: ShareOptions,
  count: number,
  signal: AbortSignal | undefined,
): Promise<ReadObjects[]> {
  signal?.throwIfAborted();
  const started = Array.from(
    { length: count },
    () => new Worker(new URL('./read-worker.js', import.meta.url), { workerData }),
  );
  try {
    return await Promise.all(
      started.map(async (worker) => {
        const [message] = (await once(worker, 'message', { signal })) as [{ packed: PackedFacts; read: ReadObjects }];
        addPacked(facts, message.packed);
        return message.read;
      }),
    );
  } finally {
    await Promise.all(started.map((worker) => worker.terminate()));
  }
}

import { once } from 'node:events';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AuditOptions } from '../audit-report.js';
import type { LakeListing } from '../duckdb/list-objects.js';
import type { LakePlace } from '../duckdb/read-lake.js';
import type { DamagedObject } from '../lake.js';
import { type Cached, nothingCached, openCache } from './cache.js';
import { stateOf } from './object-state.js';
import type { PackFile, WrittenPack } from './pack-file.js';
import { type PackPlace, PackSink } from './pack-sink.js';
import { PackedSource } from './packed-source.js';
import { PartedFacts } from './parted-facts.js';
import { readColumns } from './read-columns.js';
import { readParquet } from './read-parquet.js';
import { type ObjectToRead, type ReadObjects, readShare, type ShareOptions, type Sink } from './share.js';
import { type Source, sourceOf } from './source.js';

/** A worker starts in the time in which as much is read. */
const bytesPerWorker = 8_000_000;
/** Facts of more bytes of objects lie on the disk. */
const mostInMemory = 8_000_000;

/** Everything that is read of a lake. */
export interface LakeFacts {
  source: Source;
  damaged: DamagedObject[];
  /** How many objects were deleted before they were read. */
  gone: number;
  /** How many were not read, because an earlier audit had read them as they are. */
  unchanged: number;
  isRecent: (object: number) => boolean;
  close(): Promise<void>;
}

/** Reads all objects, or what an earlier audit kept of them: lines on several threads, Parquet by DuckDB. */
export async function readObjects(lake: LakePlace, listing: LakeListing, options: AuditOptions): Promise<LakeFacts> {
  return await new LakeReader(lake, listing, options).run();
}

class LakeReader {
  private readonly lake: LakePlace;
  private readonly options: AuditOptions;
  private readonly objects: ObjectToRead[];
  private readonly modified: Float64Array;
  private readonly states = new Map<string, string>();
  private bytes = 0;
  private gone = 0;

  constructor(lake: LakePlace, { delivered, errors }: LakeListing, options: AuditOptions) {
    this.lake = lake;
    this.options = options;
    this.objects = [...delivered, ...errors].map((object, index) => ({ object, index }));
    this.modified = new Float64Array(this.objects.length);
  }

  async run(): Promise<LakeFacts> {
    const { checksums = true, cache } = this.options;
    await this.look();
    const cached = cache === undefined || !checksums ? undefined : await openCache(cache, this.states);
    if (cached) return await this.packed(cached, { folder: cache!, isKept: true });
    if (this.bytes <= mostInMemory) return await this.inMemory();
    const temporary = await mkdtemp(join(tmpdir(), 'millrace-audit-'));
    const remove = () => rm(temporary, { recursive: true, force: true });
    try {
      const read = await this.packed(nothingCached(), { folder: temporary, isKept: false });
      return { ...read, close: async () => void (await Promise.all([read.close(), remove()])) };
    } catch (error) {
      await remove();
      throw error;
    }
  }

  /** Looks when each object was written. */
  private async look(): Promise<void> {
    const now = Date.now();
    for (const { object, index } of this.objects) {
      const found = await stat(object.path).catch(() => undefined);
      if (!found) continue;
      this.bytes += found.size;
      this.modified[index] = found.mtimeMs;
      this.states.set(object.key, stateOf(found, now));
    }
  }

  private async inMemory(): Promise<LakeFacts> {
    const { seed } = nothingCached();
    const facts = new PartedFacts(seed, 1);
    const sink: Sink = { facts, place: ({ index }) => index, done: () => Promise.resolve() };
    const read = await readShare(sink, this.share(this.objects, seed), this.options.signal);
    const parquet = await this.parquet(facts, this.objects, ({ index }) => index);
    return {
      ...this.result([read, parquet]),
      source: sourceOf(facts, this.isRecent),
      unchanged: 0,
      close: () => Promise.resolve(),
    };
  }

  private async packed({ seed, packs: old, packOf }: Cached, place: PackPlace): Promise<LakeFacts> {
    const wanted = this.objects.filter(({ object }) => !packOf.has(object.key));
    const packs: PackFile[] = [...old];
    const isOld = new Set(old);
    const close = async () => void (await Promise.all(packs.map(({ file }) => file.close())));
    try {
      const share = this.share(wanted, seed);
      const { threads = availableParallelism() } = this.options;
      const part = wanted.length / Math.max(1, this.objects.length);
      const workers = Math.min(threads, Math.floor((this.bytes * part) / bytesPerWorker));
      const read = await (workers > 0 ? this.onWorkers(share, place, workers) : this.alone(share, place));
      const parquet = await this.packedParquet(wanted, place, seed);
      for (const pack of [...read.packs, ...parquet.packs]) packs.push({ ...pack, file: await open(pack.path, 'r') });
      const places = new Map(this.objects.map(({ object, index }) => [object.key, index]));
      const placeOf = (key: string, _: string, pack: PackFile) => {
        const isStale = isOld.has(pack) && packOf.get(key) !== pack;
        return isStale ? undefined : places.get(key);
      };
      const source = await PackedSource.open(packs, { seed, placeOf, isRecent: this.isRecent });
      const unchanged = this.objects.length - wanted.length;
      return { ...this.result([...read.reads, parquet]), source, unchanged, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  private result(reads: readonly ReadObjects[]): Pick<LakeFacts, 'damaged' | 'gone' | 'isRecent'> {
    const damaged = reads.flatMap((read) => read.damaged).sort((a, b) => (a.key < b.key ? -1 : 1));
    const gone = reads.reduce((sum, read) => sum + read.gone, this.gone);
    return { damaged, gone, isRecent: this.isRecent };
  }

  private readonly isRecent = (object: number): boolean => {
    const { settleMs = 120_000 } = this.options;
    return settleMs > 0 && this.modified[object]! > this.now - settleMs;
  };
  private readonly now = Date.now();

  private share(objects: readonly ObjectToRead[], seed: number): ShareOptions {
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const { checksums = true } = this.options;
    const lines = objects.filter(({ object }) => !object.parquet);
    // By age: a stream's events are then read one soon after the other, and most streams lie in one pack.
    lines.sort((a, b) => this.modified[a.index]! - this.modified[b.index]!);
    return { objects: lines, counter, seed, checksums, columns: readColumns };
  }

  private async alone(share: ShareOptions, place: PackPlace): Promise<{ reads: ReadObjects[]; packs: WrittenPack[] }> {
    const sink = new PackSink(place, share.seed);
    const read = await readShare(sink, share, this.options.signal);
    await sink.flush();
    return { reads: [read], packs: sink.packs };
  }

  /**
   * Reads on threads of their own, which load little: each text of megabytes makes the garbage collector look at all
   * that its thread holds.
   */
  private async onWorkers(
    share: ShareOptions,
    place: PackPlace,
    count: number,
  ): Promise<{ reads: ReadObjects[]; packs: WrittenPack[] }> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    const workerData = { ...share, place };
    const workers = Array.from(
      { length: count },
      () => new Worker(new URL('./read-worker.js', import.meta.url), { workerData }),
    );
    try {
      const answers = workers.map(async (worker) => {
        const [message] = await once(worker, 'message', { signal });
        return message as { read: ReadObjects; packs: WrittenPack[] };
      });
      const found = await Promise.all(answers);
      return { reads: found.map(({ read }) => read), packs: found.flatMap(({ packs }) => packs) };
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  }

  /** Reads Parquet objects into one pack. */
  private async packedParquet(
    wanted: readonly ObjectToRead[],
    place: PackPlace,
    seed: number,
  ): Promise<ReadObjects & { packs: WrittenPack[] }> {
    const sink = new PackSink(place, seed);
    const parquet = wanted.filter(({ object }) => object.parquet);
    const places = new Map(parquet.map(({ object }, place) => [object.key, place]));
    const read = await this.parquet(sink.facts, parquet, ({ object }) => places.get(object.key)!);
    const damaged = new Set(read.damaged.map(({ key }) => key));
    const states = parquet.map(({ object: { key } }) => (damaged.has(key) ? '' : (this.states.get(key) ?? '')));
    await sink.add(parquet.map(({ object: { key } }, at) => [key, states[at]!]));
    return { ...read, packs: sink.packs };
  }

  private async parquet(
    facts: PartedFacts,
    objects: readonly ObjectToRead[],
    placeOf: (object: ObjectToRead) => number,
  ): Promise<ReadObjects> {
    const parquet = objects.filter(({ object }) => object.parquet);
    if (parquet.length === 0) return { damaged: [], gone: 0 };
    const places = new Map(parquet.map((each) => [each.object.key, placeOf(each)]));
    return {
      damaged: await readParquet(facts, { places, lake: this.lake, signal: this.options.signal }),
      gone: 0,
    };
  }
}

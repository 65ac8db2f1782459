import { type FileHandle, open } from 'node:fs/promises';
import type { LakeObject } from '../duckdb/list-objects.js';
import type { DamagedObject } from '../lake.js';
import { chunkBytes, objectChunks } from '../object-chunks.js';
import { LineAdder } from './add-line.js';
import type { Facts } from './facts.js';
import { LineSplitter } from './split-lines.js';

/** How to read an object. */
export interface ReadOptions {
  /** A length or checksum that does not fit makes an object damaged. */
  checksums: boolean;
  signal?: AbortSignal | undefined;
}

/** What became of an object: its damage, or that it is no longer there; and when it was written. */
export interface ReadResult {
  result: DamagedObject | 'gone' | undefined;
  /** Milliseconds since 1970. */
  modifiedMs: number;
}

/** Reads objects of JSON Lines into facts, each in one pass that also checks its gzip. */
export class ObjectReader {
  private readonly facts: Facts;
  private readonly adder: LineAdder;
  private readonly options: ReadOptions;

  constructor(facts: Facts, seed: number, options: ReadOptions) {
    this.facts = facts;
    this.adder = new LineAdder(facts, seed);
    this.options = options;
  }

  /**
   * Reads one object. `index`: its place among the objects. Of an object whose gzip fails nothing counts, as no query
   * sees any of it; of others each line that can be read does.
   */
  async read(object: LakeObject, index: number): Promise<ReadResult> {
    let file: FileHandle;
    try {
      file = await open(object.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { result: 'gone', modifiedMs: 0 };
      throw error;
    }
    try {
      const { size, mtimeMs } = await file.stat();
      return { result: await this.readFile(file, size, object, index), modifiedMs: mtimeMs };
    } finally {
      await file.close();
    }
  }

  private async readFile(
    file: FileHandle,
    size: number,
    { key, partition, gzip }: LakeObject,
    index: number,
  ): Promise<DamagedObject | undefined> {
    if (size === 0) return gzip ? { key, message: 'is empty: it has 0 bytes', unreadableLines: null } : undefined;
    const { page } = partition;
    const before = this.facts.mark();
    let lines = 0;
    let unreadable = 0;
    let firstUnreadable = 0;
    const splitter = new LineSplitter((source, from, to) => {
      lines += 1;
      if (page === undefined) this.adder.addError(source.subarray(from, to));
      else if (!this.adder.add(source, from, to, page, index)) {
        unreadable += 1;
        firstUnreadable ||= lines;
      }
    });
    try {
      await pass(file, gzip, splitter, this.options.signal);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!code?.startsWith('Z_')) throw error;
      if (this.options.checksums || !/unexpected end|incorrect (data|length) check/.test(message)) {
        this.facts.cut(before);
        return { key, message: `fails its gzip check: ${message}`, unreadableLines: null };
      }
    }
    splitter.end();
    if (unreadable === 0) return undefined;
    return { key, message: `line ${firstUnreadable} is not a JSON object`, unreadableLines: unreadable };
  }
}

/** Puts an object's text through the splitter, unzipped when its name or its first bytes say gzip. */
async function pass(
  file: FileHandle,
  named: boolean,
  splitter: LineSplitter,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  const isGzip = named || (buffer[0] === 0x1f && buffer[1] === 0x8b);
  const source = file.createReadStream({ start: 0, highWaterMark: chunkBytes, autoClose: false });
  for await (const chunk of objectChunks(source, isGzip)) {
    signal?.throwIfAborted();
    splitter.push(chunk);
  }
}

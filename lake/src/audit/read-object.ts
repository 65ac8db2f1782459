import { type FileHandle, open } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { LakeObject } from '../duckdb/list-objects.js';
import type { DamagedObject } from '../lake.js';
import { chunkBytes, objectChunks } from '../object-chunks.js';
import { LineAdder } from './add-line.js';
import type { ReadColumn } from './line.js';
import { stateOf } from './object-state.js';
import type { PartedFacts } from './parted-facts.js';
import { LineSplitter } from './split-lines.js';

/** How to read an object. */
export interface ReadOptions {
  /** What a line can have. */
  columns: readonly ReadColumn[];
  /** A length or checksum that does not fit makes an object damaged. */
  checksums: boolean;
  signal?: AbortSignal | undefined;
}

/** What became of an object: its damage, or that it is no longer there; and the state in which it was read. */
export interface ReadResult {
  result: DamagedObject | 'gone' | undefined;
  state: string;
}

/** Reads objects of JSON Lines into facts, each in one pass that also checks its gzip. */
export class ObjectReader {
  private readonly facts: PartedFacts;
  private readonly adder: LineAdder;
  private readonly options: ReadOptions;

  constructor(facts: PartedFacts, options: ReadOptions) {
    this.facts = facts;
    this.adder = new LineAdder(facts, options.columns);
    this.options = options;
  }

  /**
   * Reads one object. `index`: its place in the facts. Of an object whose gzip fails nothing counts, as no query
   * sees any of it; of others each line that can be read does.
   */
  async read(object: LakeObject, index: number): Promise<ReadResult> {
    let file: FileHandle;
    try {
      file = await open(object.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { result: 'gone', state: '' };
      throw error;
    }
    try {
      const stats = await file.stat();
      const state = stateOf(stats, Date.now());
      return { result: await this.readFile(file, stats.size, object, index), state };
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
    let begun: Buffer | undefined;
    const splitter = new LineSplitter((source, from, to) => {
      lines += 1;
      if (source !== begun) this.adder.begin(source, page ?? '');
      begun = source;
      if (page === undefined) this.adder.addError(source.subarray(from, to), index);
      else if (!this.adder.add(from, to, index)) {
        unreadable += 1;
        firstUnreadable ||= lines;
      }
    });
    try {
      await pass(file, size, gzip, splitter, this.options);
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

/** An object of at most so many bytes is unzipped at once, which takes two thirds of the time of a stream. */
const mostAtOnce = 1 << 25;
const mostUnzipped = 1 << 26;

/** Puts an object's text through the splitter, unzipped when its name or its first bytes say gzip. */
async function pass(
  file: FileHandle,
  size: number,
  named: boolean,
  splitter: LineSplitter,
  { checksums, signal }: ReadOptions,
): Promise<void> {
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  const isGzip = named || (buffer[0] === 0x1f && buffer[1] === 0x8b);
  // At once, a damaged object has no text at all.
  const text = isGzip && checksums && size <= mostAtOnce ? await unzipped(file, size) : undefined;
  if (text) {
    splitter.push(text);
    return;
  }
  const source = file.createReadStream({ start: 0, highWaterMark: chunkBytes, autoClose: false });
  for await (const chunk of objectChunks(source, isGzip)) {
    signal?.throwIfAborted();
    splitter.push(chunk);
  }
}

/** The text of a gzip object; undefined when it is too long. Its last bytes say how long it is, if they do not lie. */
async function unzipped(file: FileHandle, size: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(size);
  const { bytesRead } = await file.read(bytes, 0, size, 0);
  const length = size < 18 ? 0 : bytes.readUInt32LE(size - 4);
  if (bytesRead < size || length > mostUnzipped) return undefined;
  try {
    return gunzipSync(bytes, { chunkSize: Math.max(length + 64, 1 << 12), maxOutputLength: mostUnzipped });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

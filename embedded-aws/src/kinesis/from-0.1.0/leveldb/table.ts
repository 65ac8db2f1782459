import { type FileHandle, open } from 'node:fs/promises';
import { byteReader } from './byte-reader.js';
import { maskedCrc32c } from './crc32c.js';
import type { DamagedBytes } from './log-file.js';
import { unsnappy } from './unsnappy.js';

/** A key as it was at some time. */
export interface Entry {
  /** Its bytes, each as one character. */
  key: string;
  /** The higher, the newer. */
  sequence: number;
  /** Absent where the key was removed. */
  value?: Buffer;
}

/** Keys from `from` on, before `to`. */
export interface Range {
  from: string;
  to: string;
}

const footerBytes = 48;
const tableMark = Buffer.from('57fb808b247547db', 'hex');
/** Its compression and its checksum follow each block. */
const trailerBytes = 5;
/** How many bytes are read at a time. */
const readBytes = 256 * 1024;

interface Place {
  offset: number;
  bytes: number;
}

function readPlace(bytes: Buffer): Place {
  const reader = byteReader(bytes);
  return { offset: reader.varint(), bytes: reader.varint() };
}

async function readAt(handle: FileHandle, { offset, bytes }: Place): Promise<Buffer> {
  const found = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await handle.read(found, 0, bytes, offset);
  return found.subarray(0, bytesRead);
}

/** The content of a block with its trailer. @throws RangeError when it is damaged */
function contentOf(block: Buffer): Buffer {
  const end = block.length - 4;
  if (end < 1 || maskedCrc32c(block.subarray(0, end)) !== block.readUInt32LE(end))
    throw new RangeError('a checksum does not match');
  const content = block.subarray(0, end - 1);
  const compression = block[end - 1];
  if (compression === 0) return content;
  if (compression === 1) return unsnappy(content);
  throw new RangeError(`compression ${compression} is unknown`);
}

/** The entries of a block: each key begins with some bytes of the one before. */
function* pairsOf(content: Buffer): Generator<{ key: Buffer; value: Buffer }> {
  const restarts = content.readUInt32LE(content.length - 4);
  const reader = byteReader(content, 0, content.length - 4 - 4 * restarts);
  let key = Buffer.alloc(0);
  while (!reader.isAtEnd()) {
    const shared = reader.varint();
    const own = reader.varint();
    const valueBytes = reader.varint();
    key = Buffer.concat([key.subarray(0, shared), reader.take(own)]);
    yield { key, value: reader.take(valueBytes) };
  }
}

/** A table's key is the key, and 8 bytes for the sequence (7) and the kind (1): 1 for a value, 0 for removed. */
function entryOf({ key, value }: { key: Buffer; value: Buffer }): Entry {
  const at = key.length - 8;
  return {
    key: key.toString('latin1', 0, at),
    sequence: key.readUIntLE(at + 1, 6) + key[at + 7]! * 2 ** 48,
    ...(key[at] === 1 ? { value } : {}),
  };
}

/** Where the blocks of a table are, with the last key of each. */
async function blocksOf(handle: FileHandle, path: string): Promise<{ last: string; place: Place }[]> {
  const { size } = await handle.stat();
  const footer = await readAt(handle, { offset: Math.max(0, size - footerBytes), bytes: footerBytes });
  if (!footer.subarray(-8).equals(tableMark)) throw new RangeError(`${path} is no table`);
  const reader = byteReader(footer);
  reader.varint();
  reader.varint();
  const index = await readAt(handle, { offset: reader.varint(), bytes: reader.varint() + trailerBytes });
  return [...pairsOf(contentOf(index))].map(({ key, value }) => ({
    last: key.toString('latin1', 0, key.length - 8),
    place: readPlace(value),
  }));
}

/**
 * The entries of a table within a range, by key, the newest of a key first:
 * https://github.com/google/leveldb/blob/main/doc/table_format.md. A damaged block is told and passed over.
 */
export async function* tableEntries(
  path: string,
  { from, to }: Range,
  damaged: (damage: DamagedBytes) => void,
): AsyncGenerator<Entry> {
  const handle = await open(path, 'r');
  try {
    const blocks = await blocksOf(handle, path).catch(async (error: Error) => {
      if (!(error instanceof RangeError)) throw error;
      damaged({ path, start: 0, end: (await handle.stat()).size });
      return [];
    });
    const begin = blocks.findIndex(({ last }) => last >= from);
    for (let at = begin < 0 ? blocks.length : begin; at < blocks.length; ) {
      const { offset } = blocks[at]!.place;
      const endOf = ({ place }: { place: Place }) => place.offset + place.bytes + trailerBytes;
      let until = at + 1;
      while (until < blocks.length && endOf(blocks[until]!) - offset <= readBytes) until++;
      const bytes = await readAt(handle, { offset, bytes: endOf(blocks[until - 1]!) - offset });
      for (; at < until; at++) {
        const block = blocks[at]!;
        let entries: Entry[];
        try {
          entries = [...pairsOf(contentOf(bytes.subarray(block.place.offset - offset, endOf(block) - offset)))].map(
            entryOf,
          );
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          damaged({ path, start: block.place.offset, end: endOf(block) });
          continue;
        }
        for (const entry of entries) {
          if (entry.key >= to) return;
          if (entry.key >= from) yield entry;
        }
      }
    }
  } finally {
    await handle.close();
  }
}

import { crc32 } from '@millrace/kit/crc32';
import type { Chunk } from '../core/chunk.js';

/**
 * A chunk on disk. All numbers are little-endian and unsigned.
 *
 *   0  magic         FF 'M' 'R' FE, which no UTF-8 text contains, so that a lost reader finds the next; or `doneMark`
 *   4  length        bytes of the chunk's lines
 *   8  hash          of the visitor
 *  12  events        lines
 *  16  header's CRC  of bytes 0 … 15, with the magic
 *  20  data's CRC
 *  24  data
 */
/** The bytes of a frame before its data. */
export const headerBytes = 24;
const magic = Buffer.from([0xff, 0x4d, 0x52, 0xfe]);
/** Written over a delivered frame's magic when its list cannot grow. No single flipped bit turns one into the other. */
export const doneMark = Buffer.from([0xfe, 0x64, 0x6e, 0xff]);

/** A chunk's frame. */
export function encodeFrame({ hash, events, data }: Chunk): [header: Buffer, data: Buffer] {
  const header = Buffer.allocUnsafe(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(data.length, 4);
  header.writeUInt32LE(hash, 8);
  header.writeUInt32LE(events, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  header.writeUInt32LE(crc32(data), 20);
  return [header, data];
}

/** A frame within its segment. */
export interface FramePlace {
  offset: number;
  hash: number;
  events: number;
  /** Header included. */
  bytes: number;
  /** Marked as delivered in its own place. */
  isDone: boolean;
}

/** The end of a line. */
export const newline = 0x0a;

/** How many whole lines these bytes have. */
function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** What is wrong with damaged bytes. */
export type DamageCause = 'no_entry' | 'header' | 'data' | 'length' | 'zeros' | 'first_line' | 'not_json';

/** What stands at a place: a frame, an unfinished frame, or damage. */
export type Found = FramePlace | 'torn' | DamageCause;

/** What the bytes of a header say. */
export interface FrameHeader {
  /** Its checksum says that it is as it was written. */
  isWhole: boolean;
  /** Marked as delivered in its own place. */
  isDone: boolean;
  length: number;
  hash: number;
  events: number;
  dataChecksum: number;
}

/** Reads a header, which must not reach beyond the bytes. */
export function readHeader(bytes: Buffer, offset: number): FrameHeader {
  const isDone = bytes.compare(doneMark, 0, 4, offset, offset + 4) === 0;
  const rest = bytes.subarray(offset + 4, offset + 16);
  return {
    isWhole:
      (isDone || bytes.compare(magic, 0, 4, offset, offset + 4) === 0) &&
      crc32(rest, crc32(magic)) === bytes.readUInt32LE(offset + 16),
    isDone,
    length: bytes.readUInt32LE(offset + 4),
    hash: bytes.readUInt32LE(offset + 8),
    events: bytes.readUInt32LE(offset + 12),
    dataChecksum: bytes.readUInt32LE(offset + 20),
  };
}

/** What stands at an offset. */
export function frameAt(bytes: Buffer, offset: number): Found {
  const rest = bytes.length - offset;
  const isOurs = (mark: Buffer) => {
    const length = Math.min(rest, 4);
    return mark.compare(bytes, offset, offset + length, 0, length) === 0;
  };
  if (!isOurs(magic) && !(isOurs(doneMark) && rest >= headerBytes)) return bytes[offset] === 0 ? 'zeros' : 'no_entry';
  if (rest < headerBytes) return 'torn';
  const { isWhole, isDone, length, hash, events, dataChecksum } = readHeader(bytes, offset);
  if (!isWhole) return 'header';
  const start = offset + headerBytes;
  // With all of its lines there, it is no unfinished write: its length is wrong.
  if (length > rest - headerBytes) return linesIn(bytes.subarray(start)) >= Math.max(1, events) ? 'length' : 'torn';
  if (crc32(bytes.subarray(start, start + length)) !== dataChecksum) return 'data';
  return { offset, hash, events, bytes: headerBytes + length, isDone };
}

/** Where the next frame may begin, at `from` or later; -1 for nowhere. */
export function nextMagic(bytes: Buffer, from: number): number {
  const places = [bytes.indexOf(magic, from), bytes.indexOf(doneMark, from)].filter((place) => place >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
}

/** The chunk of the frame at `offset`, or undefined when the frame is damaged. */
export function decodeFrame(bytes: Buffer, offset: number): Chunk | undefined {
  const found = frameAt(bytes, offset);
  if (typeof found === 'string') return undefined;
  const { hash, events } = found;
  return { hash, events, data: bytes.subarray(offset + headerBytes, offset + found.bytes) };
}

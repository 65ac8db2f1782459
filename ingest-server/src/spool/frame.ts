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
const headerBytes = 24;
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

const newline = 0x0a;

/** How many whole lines these bytes have. */
function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** How the rows of the ledger begin, which are no events. */
const ledgerRow = Buffer.from('{"page":"_ledger"');

/** How many events damaged bytes had: by the headers that are whole, else by their lines. */
export function eventsIn(bytes: Buffer): number {
  let events = 0;
  for (let at = 0; at < bytes.length; ) {
    const isHeader =
      bytes.length - at >= headerBytes &&
      bytes.compare(magic, 0, 4, at, at + 4) === 0 &&
      crc32(bytes.subarray(at, at + 16)) === bytes.readUInt32LE(at + 16) &&
      at + headerBytes + bytes.readUInt32LE(at + 4) <= bytes.length;
    if (isHeader) {
      events += bytes.readUInt32LE(at + 12);
      at += headerBytes + bytes.readUInt32LE(at + 4);
      continue;
    }
    const end = bytes.indexOf(newline, at);
    if (end < 0) break;
    if (!bytes.subarray(at, end).includes(ledgerRow)) events += 1;
    at = end + 1;
  }
  return events;
}

/** What stands at a place: a frame, an unfinished frame, or neither. */
type Found = FramePlace | 'torn' | 'damaged';

function frameAt(bytes: Buffer, offset: number): Found {
  const rest = bytes.length - offset;
  if (rest < headerBytes)
    return magic.compare(bytes, offset, offset + Math.min(rest, 4), 0, Math.min(rest, 4)) ? 'damaged' : 'torn';
  const isDone = bytes.compare(doneMark, 0, 4, offset, offset + 4) === 0;
  if (!isDone && bytes.compare(magic, 0, 4, offset, offset + 4) !== 0) return 'damaged';
  const head = bytes.subarray(offset, offset + 16);
  const asWritten = isDone ? Buffer.concat([magic, head.subarray(4)]) : head;
  if (crc32(asWritten) !== bytes.readUInt32LE(offset + 16)) return 'damaged';
  const length = bytes.readUInt32LE(offset + 4);
  const start = offset + headerBytes;
  // With all of its lines there, it is no unfinished write: its length is wrong.
  if (length > rest - headerBytes)
    return linesIn(bytes.subarray(start)) >= Math.max(1, bytes.readUInt32LE(offset + 12)) ? 'damaged' : 'torn';
  if (crc32(bytes.subarray(start, start + length)) !== bytes.readUInt32LE(offset + 20)) return 'damaged';
  return {
    offset,
    hash: bytes.readUInt32LE(offset + 8),
    events: bytes.readUInt32LE(offset + 12),
    bytes: headerBytes + length,
    isDone,
  };
}

/** Where the next frame may begin, at `from` or later; -1 for nowhere. */
function nextMagic(bytes: Buffer, from: number): number {
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

/** What a segment holds. */
export interface Scan {
  frames: FramePlace[];
  /** Damaged stretches: complete frames that were altered, and bytes before another frame that are not one. */
  damaged: { start: number; end: number }[];
  /** Where an unfinished write at the end begins: it was never acknowledged. */
  tornAt: number | undefined;
}

/** Reads a segment from `start` to its end, and goes on behind any damage. */
export function scanFrames(bytes: Buffer, start: number): Scan {
  const scan: Scan = { frames: [], damaged: [], tornAt: undefined };
  for (let offset = start; offset < bytes.length; ) {
    const found = frameAt(bytes, offset);
    if (typeof found !== 'string') {
      scan.frames.push(found);
      offset += found.bytes;
      continue;
    }
    let next = nextMagic(bytes, offset + 1);
    while (next >= 0 && typeof frameAt(bytes, next) === 'string') next = nextMagic(bytes, next + 1);
    if (found === 'torn' && next < 0) {
      scan.tornAt = offset;
      return scan;
    }
    const end = next < 0 ? bytes.length : next;
    scan.damaged.push({ start: offset, end });
    offset = end;
  }
  return scan;
}

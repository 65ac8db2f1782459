import { crc32 } from './crc32.js';

/**
 * A frame in a file: data with a length and checksums of its own, found again by its mark when what stands before it is
 * damaged. All numbers are little-endian and unsigned.
 *
 *   0  mark          FF 'M' 'R' FE, which no UTF-8 text contains
 *   4  length        bytes of data
 *   8  two words     what the file's owner wants to know without the data
 *  16  header's CRC  of bytes 0 … 15, with this mark
 *  20  data's CRC
 *  24  data
 */
export const frameHeaderBytes = 24;
/** The first bytes of a frame. */
export const frameMark = Buffer.from([0xff, 0x4d, 0x52, 0xfe]);

/** What one kind of file has of its own. */
export interface FrameKind {
  /** Is written over a frame's mark to say something of it. No single flipped bit may turn one into the other. */
  otherMark?: Buffer;
  /**
   * Whether data that is shorter than its header says is all there, so that the length is wrong and the write was not
   * cut off.
   */
  isComplete?(data: Buffer, words: FrameWords): boolean;
}

/** The two words of a header, below 2^32. */
export type FrameWords = readonly [number, number];

/** Writes a header to `target` for data of this length and CRC. */
export function writeFrameHeader(target: Buffer, at: number, length: number, words: FrameWords, dataCrc: number): void {
  frameMark.copy(target, at);
  target.writeUInt32LE(length, at + 4);
  target.writeUInt32LE(words[0], at + 8);
  target.writeUInt32LE(words[1], at + 12);
  target.writeUInt32LE(crc32(target.subarray(at, at + 16)), at + 16);
  target.writeUInt32LE(dataCrc, at + 20);
}

/** What the bytes of a header say. */
export interface FrameHeader {
  /** Its checksum says that it is as it was written. */
  isWhole: boolean;
  /** Has its kind's other mark. */
  isMarked: boolean;
  length: number;
  words: FrameWords;
  dataCrc: number;
}

const beginsWith = (mark: Buffer | undefined, bytes: Buffer, offset: number): boolean => {
  const length = Math.min(bytes.length - offset, 4);
  return mark !== undefined && mark.compare(bytes, offset, offset + length, 0, length) === 0;
};

/** Reads a header, which must not reach beyond the bytes. */
export function readFrameHeader(bytes: Buffer, offset: number, { otherMark }: FrameKind = {}): FrameHeader {
  const isMarked = beginsWith(otherMark, bytes, offset);
  const crc = isMarked
    ? crc32(bytes.subarray(offset + 4, offset + 16), crc32(frameMark))
    : crc32(bytes.subarray(offset, offset + 16));
  return {
    isWhole: (isMarked || beginsWith(frameMark, bytes, offset)) && crc === bytes.readUInt32LE(offset + 16),
    isMarked,
    length: bytes.readUInt32LE(offset + 4),
    words: [bytes.readUInt32LE(offset + 8), bytes.readUInt32LE(offset + 12)],
    dataCrc: bytes.readUInt32LE(offset + 20),
  };
}

/** A frame within its file. */
export interface Frame {
  offset: number;
  words: FrameWords;
  /** Header included. */
  bytes: number;
  /** Has its kind's other mark. */
  isMarked: boolean;
}

/** What is wrong with damaged bytes. */
export type FrameDamage = 'no_entry' | 'header' | 'data' | 'length' | 'zeros';

/** What stands at an offset: a frame, an unfinished frame, or damage. */
export function frameAt(bytes: Buffer, offset: number, kind: FrameKind = {}): Frame | 'torn' | FrameDamage {
  const rest = bytes.length - offset;
  if (!beginsWith(frameMark, bytes, offset) && !(rest >= frameHeaderBytes && beginsWith(kind.otherMark, bytes, offset)))
    return bytes[offset] === 0 ? 'zeros' : 'no_entry';
  if (rest < frameHeaderBytes) return 'torn';
  const { isWhole, isMarked, length, words, dataCrc } = readFrameHeader(bytes, offset, kind);
  if (!isWhole) return 'header';
  const start = offset + frameHeaderBytes;
  if (length > rest - frameHeaderBytes)
    return kind.isComplete?.(bytes.subarray(start), words) === true ? 'length' : 'torn';
  if (crc32(bytes.subarray(start, start + length)) !== dataCrc) return 'data';
  return { offset, words, bytes: frameHeaderBytes + length, isMarked };
}

/** Where the next frame may begin, at `from` or later; -1 for nowhere. */
export function nextFrameMark(bytes: Buffer, from: number, { otherMark }: FrameKind = {}): number {
  const place = bytes.indexOf(frameMark, from);
  const other = otherMark === undefined ? -1 : bytes.indexOf(otherMark, from);
  return place < 0 || other < 0 ? Math.max(place, other) : Math.min(place, other);
}

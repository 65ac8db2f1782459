import { crc32 } from '@millrace/kit/crc32';
import {
  type FrameDamage,
  type FrameKind,
  frameAt,
  frameHeaderBytes,
  nextFrameMark,
  readFrameHeader,
  writeFrameHeader,
} from '@millrace/kit/frame';
import type { Chunk } from '../core/chunk.js';

/**
 * A chunk on disk: a frame whose data are the chunk's lines, and whose words are the visitor's hash and the number of
 * events.
 */

/** The bytes of a frame before its data. */
export const headerBytes = frameHeaderBytes;
/** Written over a delivered frame's mark when its list cannot grow. */
export const doneMark = Buffer.from([0xfe, 0x64, 0x6e, 0xff]);

/** The end of a line. */
export const newline = 0x0a;

/** How many whole lines these bytes have. */
function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** The frames of a spool. With all of its lines there, one is no unfinished write: its length is wrong. */
export const chunkFrames: FrameKind = {
  otherMark: doneMark,
  isComplete: (data, [, events]) => linesIn(data) >= Math.max(1, events),
};

/** A chunk's frame. */
export function encodeFrame({ hash, events, data }: Chunk): [header: Buffer, data: Buffer] {
  const header = Buffer.allocUnsafe(headerBytes);
  writeFrameHeader(header, 0, data.length, [hash, events], crc32(data));
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

/** What is wrong with damaged bytes. */
export type DamageCause = FrameDamage | 'first_line' | 'not_json';

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
  const { isWhole, isMarked, length, words, dataCrc } = readFrameHeader(bytes, offset, chunkFrames);
  return { isWhole, isDone: isMarked, length, hash: words[0], events: words[1], dataChecksum: dataCrc };
}

/** Where the next frame may begin, at `from` or later; -1 for nowhere. */
export const nextMagic = (bytes: Buffer, from: number): number => nextFrameMark(bytes, from, chunkFrames);

/** The chunk of the frame at `offset`, or undefined when the frame is damaged. */
export function decodeFrame(bytes: Buffer, offset: number): Chunk | undefined {
  const found = frameAt(bytes, offset, chunkFrames);
  if (typeof found === 'string') return undefined;
  const [hash, events] = found.words;
  return { hash, events, data: bytes.subarray(offset + headerBytes, offset + found.bytes) };
}

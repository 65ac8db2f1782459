import { crc32 } from '@millrace/kit/crc32';
import type { Chunk } from '../core/chunk.js';
import { type FrameHeader, headerBytes, newline, nextMagic, readHeader } from './frame.js';
import { mendByte } from './mend-byte.js';
import type { Stretch } from './segment.js';

/** Reads one line, without its newline; undefined for one that is not as it was written. */
export type ReadLine = (line: Buffer, isProved: boolean) => { hash: number; events: 0 | 1 } | undefined;

/** A chunk that was found in damaged bytes. */
export interface MendedPart extends Stretch {
  chunk: Chunk;
  /** Its checksum says that it is as it was written: all of it, or all but one byte that could be put right. */
  isProved: boolean;
}

/** Each line with its newline, and where it begins; what follows the last newline is none. */
function* linesOf(bytes: Buffer, from: number, end: number): Generator<{ start: number; line: Buffer }> {
  for (let start = from; start < end; ) {
    const at = bytes.indexOf(newline, start);
    if (at < 0 || at >= end) return;
    yield { start, line: bytes.subarray(start, at + 1) };
    start = at + 1;
  }
}

/** The chunk of data whose every line can be read. */
function chunkOf(data: Buffer, header: FrameHeader, isProved: boolean, readLine: ReadLine): Chunk | undefined {
  if (data.at(-1) !== newline) return undefined;
  const read = [...linesOf(data, 0, data.length)].map(({ line }) => readLine(line.subarray(0, -1), isProved));
  let events = 0;
  for (const each of read) {
    if (each === undefined) return undefined;
    events += each.events;
  }
  const { hash } = header.isWhole ? header : read[0]!;
  return { hash, events, data };
}

/** The frame at a place, whichever one of its fields, or which one byte of its data, is wrong. */
function mendFrame(bytes: Buffer, at: number, readLine: ReadLine): MendedPart | undefined {
  if (bytes.length - at < headerBytes) return undefined;
  const header = readHeader(bytes, at);
  const start = at + headerBytes;
  const next = nextMagic(bytes, start);
  // Where its length is wrong, it ends with these bytes, or before the next entry.
  const ends = new Set([start + header.length, bytes.length, ...(next < 0 ? [] : [next])]);
  for (const end of ends) {
    if (end <= start || end > bytes.length) continue;
    const data = bytes.subarray(start, end);
    const isAsWritten = crc32(data) === header.dataChecksum;
    const isItsEnd = header.isWhole && end === start + header.length;
    const mended = isAsWritten ? data : isItsEnd ? mendByte(data, header.dataChecksum) : undefined;
    const chunk = mended && chunkOf(mended, header, isAsWritten, readLine);
    if (chunk !== undefined) return { start: at, end, chunk, isProved: true };
  }
  return undefined;
}

/** How many places of a line may be tried as its beginning. */
const maxBeginnings = 32;

/** A whole line at the end of these bytes, which may have half of another, or of a header, before it. */
function lineIn(bytes: Buffer, readLine: ReadLine): { skipped: number; chunk: Chunk } | undefined {
  let skipped = bytes.indexOf('{"');
  for (let tries = 0; skipped >= 0 && tries < maxBeginnings; tries++) {
    const data = bytes.subarray(skipped);
    const read = readLine(data.subarray(0, -1), false);
    if (read !== undefined) return { skipped, chunk: { ...read, data } };
    skipped = bytes.indexOf('{"', skipped + 1);
  }
  return undefined;
}

/** The single lines of bytes that have no whole entry. */
function* mendLines(bytes: Buffer, from: number, end: number, readLine: ReadLine): Generator<MendedPart> {
  for (const { start, line } of linesOf(bytes, from, end)) {
    const found = lineIn(line, readLine);
    if (found !== undefined)
      yield { start: start + found.skipped, end: start + line.length, chunk: found.chunk, isProved: false };
  }
}

/** What can be read of damaged bytes: whole entries and, where there is none, single lines. In order. */
export function mend(bytes: Buffer, readLine: ReadLine): MendedPart[] {
  const parts: MendedPart[] = [];
  for (let at = 0; at < bytes.length; ) {
    const frame = mendFrame(bytes, at, readLine);
    if (frame !== undefined) {
      parts.push(frame);
      at = frame.end;
      continue;
    }
    const header = bytes.length - at >= headerBytes ? readHeader(bytes, at) : undefined;
    const next = nextMagic(bytes, at + 1);
    const itsEnd = header?.isWhole ? at + headerBytes + header.length : bytes.length;
    // Where something is cut out, its length leads into another line.
    const end = Math.min(bytes[itsEnd - 1] === newline ? itsEnd : bytes.length, next < 0 ? bytes.length : next);
    parts.push(...mendLines(bytes, at, end, readLine));
    at = end;
  }
  return parts;
}

/**
 * The damaged bytes that no part covers. A header alone, whose lines were all found, had nothing in it.
 */
export function restOf(bytes: Buffer, parts: readonly MendedPart[]): Stretch[] {
  const rest: Stretch[] = [];
  let at = 0;
  for (const { start, end } of [...parts, { start: bytes.length, end: bytes.length }]) {
    const isHeader = start - at === headerBytes && start < bytes.length;
    if (start > at && !isHeader) rest.push({ start: at, end: start });
    at = end;
  }
  return rest;
}

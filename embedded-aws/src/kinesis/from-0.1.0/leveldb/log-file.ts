import { maskedCrc32c } from './crc32c.js';

/** Bytes of a file that are not as they were written. */
export interface DamagedBytes {
  path: string;
  start: number;
  end: number;
}

const blockBytes = 32_768;
const headBytes = 7;
const kinds = { full: 1, first: 2, middle: 3, last: 4 };

/** The piece at an offset, with its checksum looked at. */
function pieceAt(bytes: Buffer, at: number): { kind: number; data: Buffer; end: number } | undefined {
  const start = at + headBytes;
  if (start > bytes.length) return undefined;
  const end = start + bytes.readUInt16LE(at + 4);
  const isInBlock = Math.floor(at / blockBytes) === Math.floor((end - 1) / blockBytes);
  const kind = bytes[at + 6]!;
  if (kind < 1 || kind > 4 || end > bytes.length || !isInBlock) return undefined;
  if (maskedCrc32c(bytes.subarray(at + 6, end)) !== bytes.readUInt32LE(at)) return undefined;
  return { kind, data: bytes.subarray(start, end), end };
}

/** Whether the file ends in the middle of the piece that begins here. */
function isCutOff(bytes: Buffer, at: number): boolean {
  const start = at + headBytes;
  if (start > bytes.length || start + bytes.readUInt16LE(at + 4) > bytes.length) return true;
  return bytes.subarray(at).every((byte) => byte === 0);
}

/**
 * The entries of a log file of LevelDB: https://github.com/google/leveldb/blob/main/doc/log_format.md. An entry that a
 * crash cut off at the end is left out; other damage is told and passed over.
 */
export function logEntries(bytes: Buffer, path: string, damaged: (damage: DamagedBytes) => void): Buffer[] {
  const entries: Buffer[] = [];
  let pieces: Buffer[] | undefined;
  for (let at = 0; at < bytes.length; ) {
    const blockEnd = (Math.floor(at / blockBytes) + 1) * blockBytes;
    // What is left of a block is filled with zeros.
    if (blockEnd - at < headBytes) {
      at = blockEnd;
      continue;
    }
    const piece = pieceAt(bytes, at);
    if (piece === undefined) {
      pieces = undefined;
      let next = at + 1;
      while (next < blockEnd && pieceAt(bytes, next) === undefined) next++;
      if (next >= bytes.length && isCutOff(bytes, at)) return entries;
      damaged({ path, start: at, end: Math.min(next, bytes.length) });
      at = next;
      continue;
    }
    at = piece.end;
    if (piece.kind === kinds.full) entries.push(piece.data);
    else if (piece.kind === kinds.first) pieces = [piece.data];
    else pieces?.push(piece.data);
    if (piece.kind === kinds.last && pieces !== undefined) {
      entries.push(Buffer.concat(pieces));
      pieces = undefined;
    }
  }
  return entries;
}

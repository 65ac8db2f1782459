import { crc32 } from '@millrace/kit/crc32';

/**
 * One block of a segment's list of delivered entries: count (4 bytes), that many entry offsets (4 each), CRC-32 of both
 * (4), little-endian. A restart does not send listed entries again; the list is not synced, because losing its end only
 * sends some events twice. Offsets name entries, because damage elsewhere in the segment does not shift them.
 */
export function encodeDone(offsets: readonly number[]): Buffer {
  const block = Buffer.allocUnsafe(8 + 4 * offsets.length);
  block.writeUInt32LE(offsets.length, 0);
  for (let i = 0; i < offsets.length; i++) block.writeUInt32LE(offsets[i]!, 4 + 4 * i);
  const end = block.length - 4;
  block.writeUInt32LE(crc32(block.subarray(0, end)), end);
  return block;
}

/** The offsets of all blocks before the first incomplete one: from there on nothing counts as delivered. */
export function decodeDone(bytes: Buffer): Set<number> {
  const offsets = new Set<number>();
  for (let at = 0; at + 8 <= bytes.length; ) {
    const count = bytes.readUInt32LE(at);
    const end = at + 4 + 4 * count;
    if (end + 4 > bytes.length || crc32(bytes.subarray(at, end)) !== bytes.readUInt32LE(end)) break;
    for (let i = at + 4; i < end; i += 4) offsets.add(bytes.readUInt32LE(i));
    at = end + 4;
  }
  return offsets;
}

import { crc32, crcTable } from '@millrace/kit/crc32';

/** By the highest byte of its remainder, each byte: all 256 of them differ there. */
const byteOf = new Uint8Array(256);
crcTable.forEach((remainder, byte) => {
  byteOf[remainder >>> 24] = byte;
});

const hasOneByte = (bits: number) => [0xff, 0xff00, 0xff0000, 0xff000000].some((mask) => (bits & ~mask) === 0);

/**
 * Bytes in which one byte is wrong, as they were, by their checksum; undefined when that explains nothing. A checksum
 * is linear: what one wrong byte does to it is the byte's own remainder, moved on by the bytes behind it. So the
 * difference is moved back, byte by byte, until it is a remainder. Chance makes worse damage of 1,000 bytes look like
 * one wrong byte once in 17,000 times.
 */
export function mendByte(bytes: Buffer, checksum: number): Buffer | undefined {
  let difference = (crc32(bytes) ^ checksum) >>> 0;
  // Also when it is the checksum itself that is wrong.
  if (hasOneByte(difference)) return bytes;
  for (let at = bytes.length - 1; at >= 0; at--) {
    const byte = byteOf[difference >>> 24]!;
    if (crcTable[byte] === difference) {
      const mended = Buffer.from(bytes);
      mended[at]! ^= byte;
      return mended;
    }
    difference = (((difference ^ crcTable[byte]!) << 8) | byte) >>> 0;
  }
  return undefined;
}

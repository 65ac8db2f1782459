import { crc32 } from '@millrace/kit/crc32';

/**
 * How a record lies in a log file: length (4 bytes), CRC-32 of the rest (4), arrival in milliseconds since 1970 (8),
 * data.
 */
const headBytes = 16;

/** The bytes of one record in a log file. @param arrivalMs milliseconds since 1970 */
export function frame(data: Buffer, arrivalMs: number): Buffer {
  const framed = Buffer.allocUnsafe(headBytes + data.length);
  framed.writeUInt32BE(data.length, 0);
  framed.writeDoubleBE(arrivalMs, 8);
  data.copy(framed, headBytes);
  framed.writeUInt32BE(checksumOf(framed), 4);
  return framed;
}

interface Framed {
  data: Buffer;
  arrivalMs: number;
}

/** The record that begins at `at` and where it ends; nothing when it is not there as a whole, or damaged. */
export function readFrame(bytes: Buffer, at: number): (Framed & { end: number }) | undefined {
  if (at + headBytes > bytes.length) return undefined;
  const end = at + headBytes + bytes.readUInt32BE(at);
  if (end > bytes.length) return undefined;
  const framed = bytes.subarray(at, end);
  if (checksumOf(framed) !== framed.readUInt32BE(4)) return undefined;
  return { data: framed.subarray(headBytes), arrivalMs: framed.readDoubleBE(8), end };
}

/** How long the record that begins at `at` is with its head, as far as its head is there. */
export const statedBytes = (bytes: Buffer, at: number): number =>
  at + 4 > bytes.length ? headBytes : headBytes + bytes.readUInt32BE(at);

/** Of the length and of all that follows the checksum. */
const checksumOf = (framed: Buffer): number => crc32(framed.subarray(8), crc32(framed.subarray(0, 4)));

import { crc32 } from '../../s3/crc.js';

/** How a record lies in a log file: length (4 bytes), CRC-32 of the rest (4), arrival in milliseconds since 1970 (8), data. */
const headBytes = 16;

const frameBytes = (data: Buffer): number => headBytes + data.length;

export function frame(data: Buffer, arrivalMs: number): Buffer {
  const framed = Buffer.allocUnsafe(frameBytes(data));
  framed.writeUInt32BE(data.length, 0);
  framed.writeDoubleBE(arrivalMs, 8);
  data.copy(framed, headBytes);
  checksum(framed).copy(framed, 4);
  return framed;
}

export interface Framed {
  data: Buffer;
  arrivalMs: number;
}

/** The record that begins at `at` and where it ends; nothing when it is not there as a whole, or damaged. */
export function readFrame(bytes: Buffer, at: number): (Framed & { end: number }) | undefined {
  if (at + headBytes > bytes.length) return undefined;
  const end = at + headBytes + bytes.readUInt32BE(at);
  if (end > bytes.length) return undefined;
  const framed = bytes.subarray(at, end);
  if (!checksum(framed).equals(framed.subarray(4, 8))) return undefined;
  return { data: framed.subarray(headBytes), arrivalMs: framed.readDoubleBE(8), end };
}

/** How long the record that begins at `at` is with its head, as far as its head is there. */
export const statedBytes = (bytes: Buffer, at: number): number =>
  at + 4 > bytes.length ? headBytes : headBytes + bytes.readUInt32BE(at);

function checksum(framed: Buffer): Buffer {
  const crc = crc32();
  crc.update(framed.subarray(0, 4));
  crc.update(framed.subarray(8));
  return crc.digest();
}

import * as zlib from 'node:zlib';

/** The remainder of each byte. */
export const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** For Node below 20.15, which has no `zlib.crc32`. */
export function crc32InJavaScript(data: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (const byte of data) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-32 as in gzip, as an unsigned integer. `previous` is the checksum of the bytes before `data`. */
export const crc32: (data: Uint8Array, previous?: number) => number =
  (zlib as { crc32?: (data: Uint8Array, previous?: number) => number }).crc32 ?? crc32InJavaScript;

import { byteReader } from './byte-reader.js';

/**
 * Undoes Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt
 * @throws RangeError when the bytes are not of that format
 */
export function unsnappy(bytes: Buffer): Buffer {
  const reader = byteReader(bytes);
  const length = reader.varint();
  const result = Buffer.alloc(length);
  let at = 0;

  function copy(offset: number, count: number): void {
    if (offset === 0 || offset > at || at + count > length) throw new RangeError('a copy leads out of the bytes');
    // Byte by byte: it may copy what it writes.
    for (const end = at + count; at < end; at++) result[at] = result[at - offset]!;
  }

  while (!reader.isAtEnd()) {
    const tag = reader.byte();
    const kind = tag & 3;
    const high = tag >>> 2;
    if (kind === 0) {
      const count = (high < 60 ? high : reader.take(high - 59).readUIntLE(0, high - 59)) + 1;
      if (at + count > length) throw new RangeError('there are more bytes than were said');
      at += reader.take(count).copy(result, at);
    } else if (kind === 1) copy(((tag >>> 5) << 8) | reader.byte(), (high & 7) + 4);
    else if (kind === 2) copy(reader.take(2).readUInt16LE(), high + 1);
    else copy(reader.take(4).readUInt32LE(), high + 1);
  }
  if (at !== length) throw new RangeError('there are fewer bytes than were said');
  return result;
}

/** Reads LevelDB's numbers and texts one after another. @throws RangeError at the end of the bytes */
export interface ByteReader {
  isAtEnd(): boolean;
  byte(): number;
  /** A number of 7 bits a byte, the lowest first. */
  varint(): number;
  take(length: number): Buffer;
  /** Bytes with their length before them. */
  sized(): Buffer;
}

/** A reader from `at` to `end`. */
export function byteReader(bytes: Buffer, at = 0, end = bytes.length): ByteReader {
  let position = at;
  const reader: ByteReader = {
    isAtEnd: () => position >= end,
    byte: () => reader.take(1)[0]!,
    varint() {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = reader.byte();
        value += (byte & 0x7f) * factor;
        if (byte < 0x80) return value;
        if (factor > 2 ** 56) throw new RangeError('a number is too long');
      }
    },
    take(length) {
      if (position + length > end) throw new RangeError('the bytes end too early');
      position += length;
      return bytes.subarray(position - length, position);
    },
    sized: () => reader.take(reader.varint()),
  };
  return reader;
}

import { crc32 as crc32Of } from '@millrace/kit/crc32';

/** A checksum over pieces: `update` with each, `digest` at the end. */
export interface Crc {
  update(data: Uint8Array): void;
  /** Big-endian. */
  digest(): Buffer;
}

/** CRC-32 as in gzip and zip. */
export function crc32(): Crc {
  let value = 0;
  return {
    update(data) {
      value = crc32Of(data, value);
    },
    digest: () => fourBytes(value),
  };
}

/** CRC-32C (Castagnoli). */
export function crc32c(): Crc {
  const table = slicingTables32();
  let value = 0xffffffff;
  return {
    update(data) {
      let crc = value;
      let i = 0;
      for (const end = data.length - 3; i < end; i += 4) {
        crc ^= data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
        crc =
          table[768 + (crc & 0xff)]! ^
          table[512 + ((crc >>> 8) & 0xff)]! ^
          table[256 + ((crc >>> 16) & 0xff)]! ^
          table[crc >>> 24]!;
      }
      for (; i < data.length; i++) crc = (crc >>> 8) ^ table[(crc ^ data[i]!) & 0xff]!;
      value = crc >>> 0;
    },
    digest: () => fourBytes(~value >>> 0),
  };
}

/** Castagnoli's polynomial, reflected. */
const castagnoliPolynomial = 0x82f63b78;
let castagnoliTables: Uint32Array | undefined;

/** Four tables of 256, to take four bytes at a step ("slicing by 4"). */
function slicingTables32(): Uint32Array {
  if (castagnoliTables) return castagnoliTables;
  const tables = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ castagnoliPolynomial : value >>> 1;
    tables[byte] = value;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  castagnoliTables = tables;
  return tables;
}

/** The reflected polynomial of CRC-64/NVME: the NVM Express specification's 64-bit CRC of protection information. */
const nvmePolynomial = { high: 0x9a6c9329, low: 0xac4bc9b5 };
let nvmeTables: { high: Uint32Array; low: Uint32Array } | undefined;

/** JavaScript has no fast 64-bit integer, so each value is two halves. Again four bytes at a step. */
function slicingTables64(): { high: Uint32Array; low: Uint32Array } {
  if (nvmeTables) return nvmeTables;
  const high = new Uint32Array(4 * 256);
  const low = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let h = 0;
    let l = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = (l >>> 1) | ((h & 1) << 31);
      h >>>= 1;
      if (carry) {
        h ^= nvmePolynomial.high;
        l ^= nvmePolynomial.low;
      }
    }
    high[byte] = h;
    low[byte] = l;
  }
  for (let i = 256; i < high.length; i++) {
    const h = high[i - 256]!;
    const l = low[i - 256]!;
    low[i] = ((l >>> 8) | (h << 24)) ^ low[l & 0xff]!;
    high[i] = (h >>> 8) ^ high[l & 0xff]!;
  }
  nvmeTables = { high, low };
  return nvmeTables;
}

/** CRC-64/NVME, the AWS CLI's default when it has its native library. */
export function crc64nvme(): Crc {
  const table = slicingTables64();
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(data) {
      let h = high;
      let l = low;
      let i = 0;
      for (const end = data.length - 3; i < end; i += 4) {
        const x = l ^ (data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24));
        const a = 768 + (x & 0xff);
        const b = 512 + ((x >>> 8) & 0xff);
        const c = 256 + ((x >>> 16) & 0xff);
        const d = x >>> 24;
        l = h ^ table.low[a]! ^ table.low[b]! ^ table.low[c]! ^ table.low[d]!;
        h = table.high[a]! ^ table.high[b]! ^ table.high[c]! ^ table.high[d]!;
      }
      for (; i < data.length; i++) {
        const index = (l ^ data[i]!) & 0xff;
        l = ((l >>> 8) | (h << 24)) ^ table.low[index]!;
        h = (h >>> 8) ^ table.high[index]!;
      }
      high = h;
      low = l;
    },
    digest() {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE(~high >>> 0, 0);
      bytes.writeUInt32BE(~low >>> 0, 4);
      return bytes;
    },
  };
}

function fourBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

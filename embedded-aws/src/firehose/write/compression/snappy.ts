/**
 * Snappy's raw format: a length, then stretches of literal bytes and copies of what came before, found by a hash of
 * four bytes.
 * https://github.com/google/snappy/blob/main/format_description.txt
 */
const hashBits = 14;
const hashOf = (four: number) => Math.imul(four, 0x1e35a7bd) >>> (32 - hashBits);
/**
 * Offsets are written in 16 bits, so the input is taken in pieces of 64 KiB that refer to nothing outside themselves.
 */
const pieceBytes = 64 * 1024;

/** One block in the raw Snappy format. */
export function snappyRaw(input: Buffer): Buffer {
  // At worst a tag byte for each 60 bytes and 3 more for longer ones; the format's own bound.
  const out = Buffer.allocUnsafe(32 + input.length + Math.ceil(input.length / 6));
  let at = writeVarint(out, input.length);
  for (let start = 0; start < input.length; start += pieceBytes)
    at = compressPiece(input.subarray(start, start + pieceBytes), out, at);
  return out.subarray(0, at);
}

function writeVarint(out: Buffer, value: number): number {
  let at = 0;
  let rest = value;
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

function compressPiece(input: Buffer, out: Buffer, begin: number): number {
  // Zero means nothing: a position is kept one too large.
  const table = new Uint32Array(1 << hashBits);
  const last = input.length - 4;
  let at = begin;
  let literal = 0;
  for (let position = 0; position <= last; ) {
    const four = input.readUInt32LE(position);
    const slot = hashOf(four);
    const candidate = table[slot]! - 1;
    table[slot] = position + 1;
    if (candidate < 0 || input.readUInt32LE(candidate) !== four) {
      position++;
      continue;
    }
    at = writeLiteral(input, literal, position, out, at);
    let length = 4;
    while (position + length < input.length && input[candidate + length] === input[position + length]) length++;
    at = writeCopy(position - candidate, length, out, at);
    position += length;
    literal = position;
  }
  return writeLiteral(input, literal, input.length, out, at);
}

function writeLiteral(input: Buffer, from: number, to: number, out: Buffer, begin: number): number {
  const length = to - from;
  if (length === 0) return begin;
  let at = begin;
  if (length <= 60) out[at++] = (length - 1) << 2;
  else if (length <= 0x100) {
    out[at++] = 60 << 2;
    out[at++] = length - 1;
  } else {
    out[at++] = 61 << 2;
    at = out.writeUInt16LE(length - 1, at);
  }
  return at + input.copy(out, at, from, to);
}

/** Copies of up to 64 bytes with an offset of 16 bits. */
function writeCopy(offset: number, length: number, out: Buffer, begin: number): number {
  let at = begin;
  for (let rest = length; rest > 0; ) {
    const taken = Math.min(rest, 64);
    out[at++] = ((taken - 1) << 2) | 2;
    at = out.writeUInt16LE(offset, at);
    rest -= taken;
  }
  return at;
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** The framing of snappy-java, which Firehose calls Snappy: a head with versions, then blocks of up to 32 KiB. */
export function snappyJava(input: Buffer): Buffer {
  const blocks = [Buffer.from('\x82SNAPPY\0', 'latin1'), uint32(1), uint32(1)];
  for (const block of pieces(input, 32 * 1024)) {
    const compressed = snappyRaw(block);
    blocks.push(uint32(compressed.length), compressed);
  }
  return Buffer.concat(blocks);
}

/** Hadoop's framing: for each block of up to 256 KiB its length, and the compressed length before the bytes. */
export function hadoopSnappy(input: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (const block of pieces(input, 256 * 1024)) {
    const compressed = snappyRaw(block);
    blocks.push(uint32(block.length), uint32(compressed.length), compressed);
  }
  return Buffer.concat(blocks);
}

function* pieces(input: Buffer, bytes: number): Generator<Buffer> {
  for (let at = 0; at < input.length; at += bytes) yield input.subarray(at, at + bytes);
}

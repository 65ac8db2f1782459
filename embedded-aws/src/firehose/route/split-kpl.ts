import { createHash } from 'node:crypto';

/**
 * Records that the Kinesis Producer Library has packed into one: a magic number, a protobuf message, and its MD5. A
 * record without that number, or with a wrong MD5, is a plain record.
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */
const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const md5Bytes = 16;

/** Fields of `AggregatedRecord` and of its `Record`. */
const recordsField = 3;
const dataField = 3;
const lengthDelimited = 2;

/** The bytes from `start` to before `end`. */
export interface Range {
  start: number;
  end: number;
}

/** Where the user's records lie in it, in order; nothing when it is a plain record. */
export function splitKpl(data: Buffer): Range[] | undefined {
  if (data.length < magic.length + md5Bytes || !data.subarray(0, magic.length).equals(magic)) return undefined;
  const start = magic.length;
  const end = data.length - md5Bytes;
  if (!createHash('md5').update(data.subarray(start, end)).digest().equals(data.subarray(end))) return undefined;
  const ranges: Range[] = [];
  for (const record of fields(data, start, end)) {
    if (!record) return undefined;
    if (record.field !== recordsField || record.wire !== lengthDelimited) continue;
    let found: Range = { start: record.end, end: record.end };
    for (const member of fields(data, record.start, record.end)) {
      if (!member) return undefined;
      if (member.field === dataField && member.wire === lengthDelimited)
        found = { start: member.start, end: member.end };
    }
    ranges.push(found);
  }
  return ranges;
}

interface Field extends Range {
  field: number;
  wire: number;
}

/** A protobuf message's fields, and undefined as the last one when the message is malformed. */
function* fields(data: Buffer, start: number, end: number): Generator<Field | undefined> {
  let at = start;
  /** An integer of 7 bits a byte. Nothing here needs more than 53 bits. */
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < end; scale *= 128) {
      const byte = data[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < end) {
    const tag = varint();
    const wire = tag % 8;
    const field = Math.floor(tag / 8);
    let length = { 1: 8, 5: 4 }[wire];
    if (wire === lengthDelimited) length = varint();
    const from = at;
    if (wire === 0) {
      if (Number.isNaN(varint())) return yield undefined;
    } else if (length === undefined || !(at + length <= end)) return yield undefined;
    else at += length;
    yield { field, wire, start: from, end: at };
  }
}

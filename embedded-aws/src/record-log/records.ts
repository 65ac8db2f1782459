import { crc32 } from '@millrace/kit/crc32';
import { type Frame, frameHeaderBytes, writeFrameHeader } from '@millrace/kit/frame';

/** A record before it has a number. */
export interface NewRecord {
  /** 0 where the log has no shards. */
  shard: number;
  /** Milliseconds since 1970. */
  arrivalMs: number;
  /** The partition key; empty where there is none. */
  key: string;
  data: Buffer;
}

/** A record of the log. Numbers rise through the whole log, over all shards. */
export interface LoggedRecord extends NewRecord {
  number: number;
}

/** Arrival (8 bytes, a double) and the length of the key (2): what a frame's data begin with; key and data follow. */
const headBytes = 10;
/** The least that a record takes in a segment. */
export const leastRecordBytes = frameHeaderBytes + headBytes;

/**
 * The frames of records, for a segment that begins with the number `first`. A frame's words are the shard and the
 * number above `first`.
 * @param memory to write to, where it is large enough: new memory costs more than the copy
 */
export function encodeRecords(
  records: readonly LoggedRecord[],
  first: number,
  memory: Buffer = Buffer.alloc(0),
): Buffer {
  const keyBytes = records.map(({ key }) => Buffer.byteLength(key));
  const bytes = records.reduce((sum, { data }, i) => sum + leastRecordBytes + keyBytes[i]! + data.length, 0);
  const encoded = bytes <= memory.length ? memory.subarray(0, bytes) : Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const [i, { shard, number, arrivalMs, key, data }] of records.entries()) {
    const start = at + frameHeaderBytes;
    const length = headBytes + keyBytes[i]! + data.length;
    encoded.writeDoubleLE(arrivalMs, start);
    encoded.writeUInt16LE(keyBytes[i]!, start + 8);
    encoded.write(key, start + headBytes);
    data.copy(encoded, start + length - data.length);
    writeFrameHeader(encoded, at, length, [shard, number - first], crc32(encoded.subarray(start, start + length)));
    at = start + length;
  }
  return encoded;
}

/** The record of a whole frame; undefined when its data are no record of ours. Its data are a view of `bytes`. */
export function decodeRecord(bytes: Buffer, frame: Frame, first: number): LoggedRecord | undefined {
  const start = frame.offset + frameHeaderBytes;
  const end = frame.offset + frame.bytes;
  if (end - start < headBytes) return undefined;
  const dataStart = start + headBytes + bytes.readUInt16LE(start + 8);
  if (dataStart > end) return undefined;
  return {
    shard: frame.words[0],
    number: first + frame.words[1],
    arrivalMs: bytes.readDoubleLE(start),
    key: bytes.toString('utf8', start + headBytes, dataStart),
    data: bytes.subarray(dataStart, end),
  };
}

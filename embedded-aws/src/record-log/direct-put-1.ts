import { crc32 } from '@millrace/kit/crc32';
import type { LoggedRecord } from './records.js';
import type { SegmentScan } from './segment.js';

/**
 * The files that Direct PUT wrote in version 0.1.0. A record: length (4 bytes, big-endian), CRC-32 of the rest (4),
 * arrival in milliseconds since 1970 (8, a double), data. Its number is its place in the file.
 */
const oldFirstLine = Buffer.from('millrace-direct-put 1\n');
const headBytes = 16;

/** Whether 0.1.0 wrote it. */
export const isOldSegment = (bytes: Buffer): boolean => bytes.subarray(0, oldFirstLine.length).equals(oldFirstLine);

function recordAt(bytes: Buffer, at: number): { data: Buffer; arrivalMs: number; end: number } | undefined {
  if (at + headBytes > bytes.length) return undefined;
  const end = at + headBytes + bytes.readUInt32BE(at);
  const arrivalMs = bytes.readDoubleBE(at + 8);
  // Looked at before the checksum, which would take long at each of many bytes.
  if (end > bytes.length || !(arrivalMs >= 0 && arrivalMs < 1e13)) return undefined;
  const framed = bytes.subarray(at, end);
  if (crc32(framed.subarray(8), crc32(framed.subarray(0, 4))) !== framed.readUInt32BE(4)) return undefined;
  return { data: framed.subarray(headBytes), arrivalMs, end };
}

/** What such a file holds. It has no marks: behind damage, the next record is looked for at every byte. */
export function scanOldSegment(bytes: Buffer, first: number): SegmentScan {
  const records: LoggedRecord[] = [];
  const damaged: SegmentScan['damaged'] = [];
  let number = first;
  for (let at = oldFirstLine.length; at < bytes.length; number++) {
    const found = recordAt(bytes, at);
    if (found !== undefined) {
      records.push({ shard: 0, number, arrivalMs: found.arrivalMs, key: '', data: found.data });
      at = found.end;
      continue;
    }
    let next = at + 1;
    while (next < bytes.length && recordAt(bytes, next) === undefined) next++;
    const isCutOff = at + headBytes > bytes.length || at + headBytes + bytes.readUInt32BE(at) > bytes.length;
    if (next === bytes.length && isCutOff) return { records, damaged, tornAt: at };
    damaged.push({ start: at, end: next, records: 1 });
    at = next;
  }
  return { records, damaged, tornAt: undefined };
}

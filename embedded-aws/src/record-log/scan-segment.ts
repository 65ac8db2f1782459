import { frameHeaderBytes, nextFrameMark, readFrameHeader } from '@millrace/kit/frame';
import { scanFrames } from '@millrace/kit/scan-frames';
import { isOldSegment, scanOldSegment } from './direct-put-1.js';
import { decodeRecord, type LoggedRecord, leastRecordBytes } from './records.js';
import { firstLine, type SegmentScan } from './segment.js';

/**
 * What a segment's file holds, with every checksum looked at: damage costs what it touches, and the records before and
 * after it are found.
 * @param first the number in the file's name
 * @returns the version of a segment that this program cannot read
 */
export function scanSegment(bytes: Buffer, first: number): SegmentScan | { version: string } {
  if (isOldSegment(bytes)) return scanOldSegment(bytes, first);
  const hasFirstLine = bytes.subarray(0, firstLine.length).equals(firstLine);
  if (!hasFirstLine && firstLine.subarray(0, bytes.length).equals(bytes))
    return { records: [], damaged: [], tornAt: 0 };
  const scan = scanFrames(bytes, hasFirstLine ? firstLine.length : 0);
  if (!hasFirstLine && scan.frames.length === 0) {
    const version = /^millrace-[a-z-]+ (\d{1,9})\n/.exec(bytes.subarray(0, 64).toString('latin1'))?.[1];
    if (version !== undefined) return { version };
  }
  const records: LoggedRecord[] = [];
  const stretches = [...scan.damaged];
  for (const frame of scan.frames) {
    const record = decodeRecord(bytes, frame, first);
    if (record !== undefined) records.push(record);
    else stretches.push({ start: frame.offset, end: frame.offset + frame.bytes, cause: 'data' });
  }
  let { tornAt } = scan;
  if (!hasFirstLine && tornAt !== undefined) {
    stretches.push({ start: tornAt, end: bytes.length, cause: 'length' });
    tornAt = undefined;
  }
  // Some file systems leave zeros where a write was cut off.
  const tail = stretches.at(-1);
  if (tail?.cause === 'zeros' && tail.end === bytes.length) {
    stretches.pop();
    tornAt = tail.start;
  }
  const offsets = scan.frames.map(({ offset }) => offset);
  const damaged = stretches
    .sort((a, b) => a.start - b.start)
    .map(({ start, end }) => {
      const after = offsets.findIndex((offset) => offset >= end);
      const before = (after < 0 ? offsets.length : after) - 1;
      return {
        start,
        end,
        records: lostIn(bytes.subarray(start, end), {
          last: before < 0 ? first - 1 : first + scan.frames[before]!.words[1],
          next: after < 0 ? undefined : first + scan.frames[after]!.words[1],
          isFirstLine: start === 0 && end === firstLine.length,
        }),
      };
    });
  return { records, damaged, tornAt };
}

/** The numbers before and after tell how many records are missing; at the end only the headers do. */
function lostIn(
  bytes: Buffer,
  { last, next, isFirstLine }: { last: number; next: number | undefined; isFirstLine: boolean },
): number {
  const headers = wholeHeaders(bytes);
  const mostThatFit = Math.ceil(bytes.length / leastRecordBytes);
  const missing = next === undefined ? (isFirstLine ? 0 : 1) : next - last - 1;
  return Math.max(headers, Math.min(missing, mostThatFit));
}

function wholeHeaders(bytes: Buffer): number {
  let headers = 0;
  for (let at = 0; at >= 0 && bytes.length - at >= frameHeaderBytes; ) {
    const { isWhole, length } = readFrameHeader(bytes, at);
    if (isWhole) headers += 1;
    at = nextFrameMark(bytes, isWhole ? at + frameHeaderBytes + length : at + 1);
  }
  return headers;
}

import { type DamageCause, decodeFrame, encodeFrame } from './frame.js';
import { mend, type ReadLine, restOf } from './mend.js';
import { eventsIn, type Scan, scanSegment } from './scan.js';
import { segmentHeader } from './segment.js';

/** A segment's files, as far as they are there. */
export interface FilesOfSegment {
  segment: Buffer | undefined;
  /** The offsets that its list of delivered entries has. */
  done: ReadonlySet<number>;
  /** What was set aside of it. */
  damaged: Buffer | undefined;
}

/** A damaged piece: where it is, why it counts as damaged, and what is in it. */
export interface DamagedPiece {
  file: 'spool' | 'damaged';
  offset: number;
  bytes: number;
  cause: DamageCause;
  /** How many entries, or single lines, can be brought back. */
  entries: number;
  /** As far as their number can be read. */
  events: number;
  /** Of these, those that can be brought back, and how many of them by no more than their lines. */
  readable: number;
  unproved: number;
}

/** What a segment holds, damage included. */
export interface MendedSegment {
  /** The entries that are still to be delivered, in order, with those that were damaged and can be read. */
  frames: Buffer[];
  /** Of these, the ones that are whole, and their events. */
  entries: Buffer[];
  events: number;
  pieces: DamagedPiece[];
  /** The damaged bytes that cannot be read. */
  rest: Buffer[];
  /** Bytes of an unfinished write at the end. */
  unfinished: number;
}

/** A place in a file that has an entry, or damage. */
type Item = { start: number; end: number; cause?: DamageCause };

function itemsOf({ frames, damaged }: Scan, bytes: Buffer, readLine: ReadLine, isDone: (offset: number) => boolean) {
  const items: Item[] = [...damaged];
  for (const { offset, bytes: length, isDone: isMarked } of frames) {
    if (isMarked) continue;
    const item: Item = { start: offset, end: offset + length };
    const { data } = decodeFrame(bytes, offset)!;
    const isReadable = linesOf(data).every((line) => readLine(line, true) !== undefined);
    if (!isReadable) items.push({ ...item, cause: 'not_json' });
    else if (!isDone(offset)) items.push(item);
  }
  return items.sort((a, b) => a.start - b.start);
}

/** The lines of a chunk; what follows the last newline, too. */
function linesOf(data: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(0x0a, at);
    lines.push(data.subarray(at, end < 0 ? data.length : end));
    at = end < 0 ? data.length : end + 1;
  }
  return lines;
}

/** `bytes` without one copy of `part`; undefined where there is none. */
function without(bytes: Buffer, part: Buffer): Buffer | undefined {
  const at = bytes.indexOf(part);
  return at < 0 ? undefined : Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + part.length)]);
}

/**
 * Reads all that can be read of a segment and of what was set aside of it; undefined for a segment of another version.
 * What was set aside is read in its place in the segment, as long as the segment is there.
 */
export function mendSegment({ segment, done, damaged }: FilesOfSegment, readLine: ReadLine): MendedSegment | undefined {
  const mended: MendedSegment = { frames: [], entries: [], events: 0, pieces: [], rest: [], unfinished: 0 };
  let aside = damaged ?? Buffer.alloc(0);

  /** @param isGone whether a part that begins at this offset is delivered, or in somebody's hands */
  function take(
    file: DamagedPiece['file'],
    bytes: Buffer,
    { start, cause }: Item,
    isGone = (_: number) => false,
  ): void {
    const parts = mend(bytes, readLine).filter((part) => !isGone(start + part.start));
    if (parts.length === 0 && isGone(start)) return;
    const eventsOf = (some: typeof parts) => some.reduce((sum, { chunk }) => sum + chunk.events, 0);
    mended.frames.push(...parts.flatMap(({ chunk }) => encodeFrame(chunk)));
    mended.pieces.push({
      file,
      offset: start,
      bytes: bytes.length,
      cause: cause!,
      entries: parts.length,
      events: Math.max(eventsIn(bytes), eventsOf(parts)),
      readable: eventsOf(parts),
      unproved: eventsOf(parts.filter(({ isProved }) => !isProved)),
    });
    // The file's first line is no entry.
    const isFirstLine = start === 0 && bytes.length === segmentHeader.length;
    if (!isFirstLine) mended.rest.push(...restOf(bytes, parts).map((rest) => bytes.subarray(rest.start, rest.end)));
  }

  if (segment !== undefined) {
    const scan = scanSegment(segment);
    if ('version' in scan) return undefined;
    if (scan.tornAt !== undefined) mended.unfinished = segment.length - scan.tornAt;
    for (const item of itemsOf(scan, segment, readLine, (offset) => done.has(offset))) {
      const bytes = segment.subarray(item.start, item.end);
      if (item.cause === undefined) {
        mended.frames.push(bytes);
        mended.entries.push(bytes);
        mended.events += eventsIn(bytes);
        continue;
      }
      const isCopied = done.has(item.start);
      const less = isCopied ? without(aside, bytes) : undefined;
      if (less !== undefined) {
        aside = less;
        take('damaged', bytes, item);
      } else take('spool', bytes, item, (offset) => done.has(offset));
    }
  }
  if (aside.length > 0) {
    const scan = scanSegment(aside);
    const items = 'version' in scan ? [] : itemsOf(scan, aside, readLine, () => false);
    if ('version' in scan) mended.rest.push(aside);
    for (const item of items) take('damaged', aside.subarray(item.start, item.end), { cause: 'not_json', ...item });
  }
  return mended;
}

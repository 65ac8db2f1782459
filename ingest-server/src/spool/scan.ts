import { scanFrames as scanAll } from '@millrace/kit/scan-frames';
import { chunkFrames, type DamageCause, type FramePlace, headerBytes, newline, readHeader } from './frame.js';
import { segmentHeader } from './segment.js';

/** A damaged part of a segment's file, in bytes. */
export interface Damage {
  start: number;
  end: number;
  cause: DamageCause;
}

/** What a segment holds. */
export interface Scan {
  frames: FramePlace[];
  /** Damaged stretches: complete frames that were altered, and bytes before another frame that are not one. */
  damaged: Damage[];
  /** Where an unfinished write at the end begins: it was never acknowledged. */
  tornAt: number | undefined;
}

/** Finds the frames of a segment from `start` on, also behind damage. */
export function scanFrames(bytes: Buffer, start: number): Scan {
  const { frames, damaged, tornAt } = scanAll(bytes, start, chunkFrames);
  return {
    frames: frames.map(({ offset, words: [hash, events], bytes: length, isMarked }) => ({
      offset,
      hash,
      events,
      bytes: length,
      isDone: isMarked,
    })),
    damaged,
    tornAt,
  };
}

/**
 * What a segment's file holds. A file without our first line is damage, as far as no entry is found in it.
 * @returns the version of a segment that this server cannot read
 */
export function scanSegment(bytes: Buffer): Scan | { version: string } {
  if (bytes.subarray(0, segmentHeader.length).equals(segmentHeader)) return scanFrames(bytes, segmentHeader.length);
  const scan = scanFrames(bytes, 0);
  const version = /^millrace-spool (\d{1,9})\n/.exec(bytes.subarray(0, 64).toString('latin1'))?.[1];
  // With entries of ours behind it, it is the number that is damaged.
  if (version !== undefined && scan.frames.length === 0) return { version };
  const first = scan.damaged[0];
  if (first?.end === segmentHeader.length) first.cause = 'first_line';
  if (scan.tornAt !== undefined) scan.damaged.push({ start: scan.tornAt, end: bytes.length, cause: 'length' });
  return { ...scan, tornAt: undefined };
}

/** How the rows of the ledger begin, which are no events. */
const ledgerRow = Buffer.from('{"page":"_ledger"');

/** How many events damaged bytes had: by the headers that are whole, else by their lines. */
export function eventsIn(bytes: Buffer): number {
  let events = 0;
  for (let at = 0; at < bytes.length; ) {
    const header = bytes.length - at >= headerBytes ? readHeader(bytes, at) : undefined;
    if (header?.isWhole && at + headerBytes + header.length <= bytes.length) {
      events += header.events;
      at += headerBytes + header.length;
      continue;
    }
    const end = bytes.indexOf(newline, at);
    if (end < 0) break;
    if (!bytes.subarray(at, end).includes(ledgerRow)) events += 1;
    at = end + 1;
  }
  return events;
}

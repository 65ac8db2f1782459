import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scanFrames } from '../../src/spool/scan.js';
import { segmentHeader } from '../../src/spool/segment.js';

const idsIn = (bytes: Buffer) =>
  [...bytes.toString('latin1').matchAll(/"event_id":"([^"]+)"/g)].map((match) => match[1]!);

const segmentsIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.spool'))
    .sort()
    .map((name) => join(folder, name));

/**
 * Flips a bit of an entry of a segment, while no server runs. Returns the ids of the events that it may cost; none
 * where there is no entry.
 */
export function flipBit(folder: string, random: () => number): string[] {
  const files = segmentsIn(folder).filter((file) => readFileSync(file).length > segmentHeader.length);
  const file = files[Math.floor(random() * files.length)];
  if (file === undefined) return [];
  const bytes = readFileSync(file);
  const at = segmentHeader.length + Math.floor(random() * (bytes.length - segmentHeader.length));
  const { frames } = scanFrames(bytes, segmentHeader.length);
  const hit = frames.filter((frame) => frame.offset <= at && at < frame.offset + frame.bytes);
  const hurt = hit.flatMap((frame) => idsIn(bytes.subarray(frame.offset, frame.offset + frame.bytes)));
  bytes[at]! ^= 1 << Math.floor(random() * 8);
  writeFileSync(file, bytes);
  return hurt;
}

/**
 * Leaves the beginning of one more entry at the end of the last segment, as a write does that was never finished; not
 * where the disk is full.
 */
export function tearWrite(folder: string, random: () => number): boolean {
  const file = segmentsIn(folder).at(-1);
  if (file === undefined) return false;
  const bytes = readFileSync(file);
  const last = scanFrames(bytes, segmentHeader.length).frames.at(-1);
  if (last === undefined || last.offset + last.bytes !== bytes.length) return false;
  const part = bytes.subarray(last.offset, last.offset + 1 + Math.floor(random() * (last.bytes - 1)));
  try {
    writeFileSync(file, part, { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return readFileSync(file).length > bytes.length;
}

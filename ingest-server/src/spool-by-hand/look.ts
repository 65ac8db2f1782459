import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readStoredLine } from '../core/stored-line.js';
import { spoolFolders } from '../spool/adopt-folders.js';
import { liveUser } from '../spool/folder-lock.js';
import { decodeFrame } from '../spool/frame.js';
import { filesOf, segmentIds } from '../spool/mend-folder.js';
import { type DamagedPiece, mendSegment } from '../spool/mend-segment.js';
import { damagedName, segmentName } from '../spool/segment.js';

/** A damaged piece, with its file's path below the spool's folder. */
export type LookedPiece = Omit<DamagedPiece, 'file'> & { file: string };

/** What lies in a spool. */
export interface SpoolLook {
  /** The process that has it open. */
  inUseBy: number | undefined;
  /** Files of entries. */
  segments: number;
  /** Of all of its files. */
  bytes: number;
  /** What is whole and still to be delivered; the ledger's rows are among the entries. */
  entries: number;
  events: number;
  /** When the server had the oldest event; undefined without one. */
  oldest: string | undefined;
  /** Bytes of a write that was never finished nor acknowledged. */
  unfinishedBytes: number;
  damaged: LookedPiece[];
  /** Segments of another version, which another release reads. */
  unknown: string[];
  /** Other files in the folder. */
  others: string[];
}

const isOurs = (name: string) => /^(\d{8}\.(spool|done|damaged)(\.new)?|lock\.\d+\.\d*|worker-\d+)$/.test(name);

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

function receivedAt(frame: Buffer): string | undefined {
  const { data } = decodeFrame(frame, 0)!;
  const time = (JSON.parse(data.subarray(0, data.indexOf(0x0a)).toString()) as { received_at?: unknown }).received_at;
  return typeof time === 'string' ? time : undefined;
}

async function lookAtFolder(root: string, folder: string, look: SpoolLook): Promise<void> {
  const names = await readdir(folder);
  look.inUseBy ??= await liveUser(folder);
  for (const name of names) if (!isOurs(name)) look.others.push(relative(root, join(folder, name)));
  for (const id of segmentIds(names)) {
    const pathOf = (name: string) => relative(root, join(folder, name));
    const files = await filesOf(folder, id);
    if (files.segment !== undefined) look.segments += 1;
    for (const name of [segmentName(id), damagedName(id)]) look.bytes += await sizeOf(join(folder, name));
    const mended = mendSegment(files, readStoredLine);
    if (mended === undefined) {
      look.unknown.push(pathOf(segmentName(id)));
      continue;
    }
    look.entries += mended.entries.length;
    look.events += mended.events;
    look.unfinishedBytes += mended.unfinished;
    for (const frame of mended.entries) {
      const at = receivedAt(frame);
      if (at !== undefined && (look.oldest === undefined || at < look.oldest)) look.oldest = at;
    }
    for (const { file, ...piece } of mended.pieces)
      look.damaged.push({ file: pathOf(file === 'spool' ? segmentName(id) : damagedName(id)), ...piece });
  }
}

/** Looks at a spool, and changes nothing; also at one that a server has open. */
export async function lookAtSpool(folder: string): Promise<SpoolLook> {
  const look: SpoolLook = {
    inUseBy: undefined,
    segments: 0,
    bytes: 0,
    entries: 0,
    events: 0,
    oldest: undefined,
    unfinishedBytes: 0,
    damaged: [],
    unknown: [],
    others: [],
  };
  for (const one of await spoolFolders(folder)) await lookAtFolder(folder, one, look);
  return look;
}

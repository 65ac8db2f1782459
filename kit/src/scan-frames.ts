import { type Frame, type FrameDamage, type FrameKind, frameAt, nextFrameMark } from './frame.js';

/** A damaged part of a file, in bytes. */
export interface DamagedStretch {
  start: number;
  end: number;
  cause: FrameDamage;
}

/** What a file of frames holds. */
export interface FrameScan {
  frames: Frame[];
  /** Complete frames that were altered, and bytes before another frame that are none. */
  damaged: DamagedStretch[];
  /** Where an unfinished write at the end begins: it was never acknowledged. */
  tornAt: number | undefined;
}

/** Finds the frames of a file from `start` on, also behind damage. */
export function scanFrames(bytes: Buffer, start: number, kind: FrameKind = {}): FrameScan {
  const scan: FrameScan = { frames: [], damaged: [], tornAt: undefined };
  for (let offset = start; offset < bytes.length; ) {
    const found = frameAt(bytes, offset, kind);
    if (typeof found !== 'string') {
      scan.frames.push(found);
      offset += found.bytes;
      continue;
    }
    let next = nextFrameMark(bytes, offset + 1, kind);
    while (next >= 0 && typeof frameAt(bytes, next, kind) === 'string') next = nextFrameMark(bytes, next + 1, kind);
    if (found === 'torn' && next < 0) {
      scan.tornAt = offset;
      return scan;
    }
    const end = next < 0 ? bytes.length : next;
    const cause = found === 'torn' ? 'length' : found;
    const isAllZeros = cause === 'zeros' && bytes.subarray(offset, end).every((byte) => byte === 0);
    scan.damaged.push({ start: offset, end, cause: cause === 'zeros' && !isAllZeros ? 'no_entry' : cause });
    offset = end;
  }
  return scan;
}

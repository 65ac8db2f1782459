import { join } from 'node:path';
import { type Segment, segmentName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';

export interface SegmentReader {
  /** A copy of `length` bytes from `offset` on; shorter where the file ends before. */
  read(segment: Segment, offset: number, length: number): Promise<Buffer>;
}

/**
 * Lanes read the same stretch one shortly after the other, each its own entries of it, so what was read is kept for a while: twice as much as
 * all lanes together read ahead. With less, each lane would read the whole stretch for itself.
 */
const windowBytes = 256 * 1024;
const maxWindows = 16;

interface Window {
  segment: number;
  index: number;
  /** How much of the segment there was when it was read: more may have been written since. */
  upTo: number;
  bytes: Promise<Buffer>;
}

/**
 * Reads segments through a few windows. What it gives is a copy: a lane that keeps some entries in memory must not keep the windows that they
 * came from.
 */
export function createSegmentReader({ folder, fs }: { folder: string; fs: SpoolFs }): SegmentReader {
  /** The latest first. */
  let windows: Window[] = [];

  async function load(segment: Segment, index: number): Promise<Buffer> {
    const handle = await fs.open(join(folder, segmentName(segment.id)), 'r');
    try {
      const start = index * windowBytes;
      const bytes = Buffer.allocUnsafe(Math.min(windowBytes, segment.size - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  function windowAt(segment: Segment, index: number, upTo: number): Promise<Buffer> {
    const known = windows.find((one) => one.segment === segment.id && one.index === index);
    windows = windows.filter((one) => one !== known);
    const window =
      known !== undefined && known.upTo >= upTo
        ? known
        : { segment: segment.id, index, upTo: segment.size, bytes: load(segment, index) };
    windows.unshift(window);
    windows.length = Math.min(windows.length, maxWindows);
    window.bytes.catch(() => {
      windows = windows.filter((one) => one !== window);
    });
    return window.bytes;
  }

  return {
    async read(segment, offset, length) {
      const parts: Buffer[] = [];
      for (let at = offset; at < offset + length; ) {
        const index = Math.floor(at / windowBytes);
        const end = Math.min(offset + length, (index + 1) * windowBytes);
        const bytes = await windowAt(segment, index, end);
        parts.push(bytes.subarray(at - index * windowBytes, end - index * windowBytes));
        at = end;
      }
      return Buffer.concat(parts);
    },
  };
}

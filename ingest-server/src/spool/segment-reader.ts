import { join } from 'node:path';
import { type Segment, segmentName } from './segment.js';
import type { SpoolFs } from './spool-fs.js';

/** Reads entries of segments. */
export interface SegmentReader {
  /** A copy of `length` bytes from `offset` on; shorter where the file ends before. */
  read(segment: Segment, offset: number, length: number): Promise<Buffer>;
}

/**
 * Lanes read the same stretch one shortly after the other, each its own entries, so windows are kept for a while: twice
 * as much as all lanes together read ahead. With less, each lane would read the whole stretch for itself.
 */
const windowBytes = 256 * 1024;
const maxWindows = 16;

interface Window {
  segment: number;
  index: number;
  /** The segment's size when it was read: more may have been written since. */
  upTo: number;
  memory: Buffer;
  bytes: Promise<Buffer>;
  /** How many readers wait for the bytes, to copy them. */
  users: number;
}

/**
 * Reads segments through a few windows. Returns copies: a lane that keeps a few entries must not keep whole windows in
 * memory. Windows reuse their memory: garbage as old as they are is collected late, and a drain would fill tens of
 * megabytes meanwhile.
 */
export function createSegmentReader({ folder, fs }: { folder: string; fs: SpoolFs }): SegmentReader {
  /** The latest first. */
  const windows: Window[] = [];
  const free: Buffer[] = [];

  async function load(segment: Segment, index: number, memory: Buffer): Promise<Buffer> {
    const handle = await fs.open(join(folder, segmentName(segment.id)), 'r');
    try {
      const start = index * windowBytes;
      const { bytesRead } = await handle.read(memory, 0, Math.min(windowBytes, segment.size - start), start);
      return memory.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  function begin(segment: Segment, index: number): Window {
    const memory = free.pop() ?? Buffer.allocUnsafeSlow(windowBytes);
    const bytes = load(segment, index, memory);
    return { segment: segment.id, index, upTo: segment.size, memory, bytes, users: 0 };
  }

  function release(window: Window) {
    if (window.users === 0 && !windows.includes(window) && free.length < maxWindows) free.push(window.memory);
  }

  function remove(window: Window) {
    const at = windows.indexOf(window);
    if (at < 0) return;
    windows.splice(at, 1);
    release(window);
  }

  function windowAt(segment: Segment, index: number, upTo: number): Window {
    const known = windows.find((one) => one.segment === segment.id && one.index === index);
    if (known !== undefined && known.upTo >= upTo) {
      windows.splice(windows.indexOf(known), 1);
      windows.unshift(known);
      return known;
    }
    if (known !== undefined) remove(known);
    if (windows.length === maxWindows) remove(windows.at(-1)!);
    const window = begin(segment, index);
    windows.unshift(window);
    return window;
  }

  /** Copies from one window; returns the number of bytes. */
  async function copy(window: Window, from: number, target: Buffer): Promise<number> {
    window.users += 1;
    try {
      const bytes = await window.bytes;
      // A segment that lost its end has less than was written.
      return bytes.copy(target, 0, Math.min(from, bytes.length));
    } catch (error) {
      remove(window);
      throw error;
    } finally {
      window.users -= 1;
      release(window);
    }
  }

  return {
    async read(segment, offset, length) {
      const found = Buffer.allocUnsafe(length);
      let got = 0;
      for (let at = offset; at < offset + length; ) {
        const index = Math.floor(at / windowBytes);
        const end = Math.min(offset + length, (index + 1) * windowBytes);
        const target = found.subarray(at - offset, end - offset);
        const copied = await copy(windowAt(segment, index, end), at - index * windowBytes, target);
        got += copied;
        if (copied < target.length) break;
        at = end;
      }
      return found.subarray(0, got);
    },
  };
}

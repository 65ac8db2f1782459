import type { Chunk } from '../core/chunk.js';
import type { NextOptions, SpooledChunk } from '../core/delivery/spool.js';
import { decodeFrame } from './frame.js';
import { indexOf, positionOf, type Segment, segmentOf } from './segment.js';
import type { SegmentReader } from './segment-reader.js';
import type { SpoolIndex } from './spool-index.js';

/** Where to read, and what to do with damage. */
export interface ChunkReaderOptions {
  index: SpoolIndex;
  reader: SegmentReader;
  /** Whether what was written can be used. */
  isReadable(chunk: Chunk): boolean;
  /** Sets an entry aside that is not what was written; returns whether it was still open. */
  setAside(segment: Segment, entry: number): Promise<boolean>;
}

/** Reads open chunks back, oldest first. */
export interface ChunkReader {
  /** The next chunks behind a position. `damaged` counts the wanted ones that had to be set aside instead. */
  next(options: NextOptions): Promise<{ found: SpooledChunk[]; damaged: number }>;
  /** The newest chunks, at most `maxBytes` of them. */
  newest(maxBytes: number): Promise<SpooledChunk[]>;
}

/** Reads the chunks of `index` through `reader`. */
export function createChunkReader({ index, reader, isReadable, setAside }: ChunkReaderOptions): ChunkReader {
  async function next({ after, wanted, maxEvents, maxBytes }: NextOptions) {
    const found: SpooledChunk[] = [];
    let damaged = 0;
    let events = 0;
    let bytes = 0;
    for (const segment of index.segments()) {
      if (segment.id < segmentOf(after)) continue;
      for (let i = segment.id === segmentOf(after) ? indexOf(after) + 1 : 0; i < segment.count; i++) {
        if (segment.isDone(i) || !wanted(segment.hash(i))) continue;
        const length = segment.bytes(i);
        const full = events + segment.events(i) > maxEvents || bytes + length > maxBytes;
        if (full && found.length > 0) return { found, damaged };
        const frame = await reader.read(segment, segment.offset(i), length);
        const chunk = decodeFrame(frame, 0);
        if (chunk === undefined || !isReadable(chunk)) {
          if (await setAside(segment, i)) damaged += 1;
          continue;
        }
        found.push({ chunk, position: positionOf(segment.id, i) });
        events += chunk.events;
        bytes += length;
      }
    }
    return { found, damaged };
  }

  return {
    next,
    async newest(maxBytes) {
      const after = index.beforeNewest(maxBytes);
      return (await next({ after, wanted: () => true, maxEvents: Infinity, maxBytes })).found;
    },
  };
}

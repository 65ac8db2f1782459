import type { Chunk } from '../core/chunk.js';
import type { Position } from '../core/delivery/spool.js';
import { createSegment, positionOf, type Segment, segmentOf } from './segment.js';

/** What the spool holds, in memory, without reading any file: its segments, their entries, and the sums of both. */
export interface SpoolIndex {
  /** Oldest first. */
  segments(): Segment[];
  /** The segment of a position, while it is there. */
  segmentAt(position: Position): Segment | undefined;
  has(segment: Segment): boolean;
  /** Adds a segment that an earlier process left. */
  add(segment: Segment): void;
  /** Adds an empty segment. */
  create(id: number): Segment;
  remove(segment: Segment): void;
  /** A write added these bytes to the segment's file. */
  grow(segment: Segment, bytes: number): void;
  /** Enters a synced chunk, which takes `bytes` from `offset` on. */
  enter(segment: Segment, entry: { offset: number; chunk: Chunk; bytes: number }): Position;
  /** Marks an entry as delivered or set aside; returns whether it was still open. */
  finish(segment: Segment, index: number): boolean;
  /** Visits every open chunk's hash. */
  forEachOpen(visit: (hash: number) => void): void;
  /** The last position with at most `maxBytes` of open chunks behind it. */
  beforeNewest(maxBytes: number): Position;
  /** Bytes of all segments on disk. */
  bytes(): number;
  /** Chunks and events that are still to be delivered. */
  openChunks(): number;
  openEvents(): number;
  /** The age of the oldest open chunk; 0 without one. */
  oldestMs(): number;
}

/** An empty index. */
export function createSpoolIndex(): SpoolIndex {
  const segments = new Map<number, Segment>();
  let bytesOnDisk = 0;
  let openChunks = 0;
  let openEvents = 0;

  function open(events: number) {
    openChunks += 1;
    openEvents += events;
  }

  return {
    segments: () => [...segments.values()],
    segmentAt: (position) => segments.get(segmentOf(position)),
    has: ({ id }) => segments.has(id),

    add(segment) {
      segments.set(segment.id, segment);
      bytesOnDisk += segment.size;
      for (let i = 0; i < segment.count; i++) if (!segment.isDone(i)) open(segment.events(i));
    },
    create(id) {
      const segment = createSegment(id);
      segments.set(id, segment);
      return segment;
    },
    remove(segment) {
      segments.delete(segment.id);
      bytesOnDisk -= segment.size;
    },
    grow(segment, bytes) {
      segment.size += bytes;
      bytesOnDisk += bytes;
    },
    enter(segment, { offset, chunk: { hash, events }, bytes }) {
      open(events);
      return positionOf(segment.id, segment.add({ offset, bytes, hash, events, at: Date.now() }));
    },
    finish(segment, index) {
      if (!segment.setDone(index)) return false;
      openChunks -= 1;
      openEvents -= segment.events(index);
      return true;
    },

    forEachOpen(visit) {
      for (const segment of segments.values()) {
        for (let i = 0; i < segment.count; i++) if (!segment.isDone(i)) visit(segment.hash(i));
      }
    },
    beforeNewest(maxBytes) {
      let bytes = 0;
      for (const segment of [...segments.values()].reverse()) {
        for (let i = segment.count - 1; i >= 0; i--) {
          if (segment.isDone(i)) continue;
          bytes += segment.bytes(i);
          if (bytes > maxBytes) return positionOf(segment.id, i);
        }
      }
      return 0;
    },

    bytes: () => bytesOnDisk,
    openChunks: () => openChunks,
    openEvents: () => openEvents,
    oldestMs() {
      for (const segment of segments.values()) {
        const at = segment.oldestAt();
        if (at !== undefined) return Math.max(0, Date.now() - at);
      }
      return 0;
    },
  };
}

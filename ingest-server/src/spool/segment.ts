import type { Position } from '../core/delivery/spool.js';

/** The first bytes of a segment's file. */
export const segmentHeader = Buffer.from('millrace-spool 1\n');
/** A segment of this size takes no more writes. */
export const segmentBytes = 4 * 1024 * 1024;

const perSegment = 2 ** 20;
/** The position of an entry, by its segment's number and its index there. */
export const positionOf = (segment: number, index: number): Position => segment * perSegment + index;
/** The number of a position's segment. */
export const segmentOf = (position: Position) => Math.floor(position / perSegment);
/** A position's index within its segment. */
export const indexOf = (position: Position) => position % perSegment;

/** The name of a segment's file. */
export const segmentName = (id: number) => `${String(id).padStart(8, '0')}.spool`;
/** The name of the list of its delivered entries. */
export const doneName = (id: number) => `${String(id).padStart(8, '0')}.done`;
/** The name of the copy of its damage. */
export const damagedName = (id: number) => `${String(id).padStart(8, '0')}.damaged`;

/** A part of a segment's file, in bytes. */
export interface Stretch {
  start: number;
  end: number;
}

/**
 * What is known of a segment without reading it: 21 bytes an entry, so that a full spool of 1 GiB costs 40 MB at most.
 */
export interface Segment {
  readonly id: number;
  /** Valid bytes on disk. */
  size: number;
  /** Entries, delivered ones included. */
  count: number;
  /** Entries still to be delivered. */
  open: number;
  /** Takes no more writes. */
  sealed: boolean;
  /** Is being written: must not be removed. */
  writing: boolean;
  /** Damage that could not be copied yet: the segment must not be removed before. */
  unkept: Stretch[];
  /** Adds an entry; returns its index. */
  add(entry: { offset: number; bytes: number; hash: number; events: number; at: number }): number;
  offset(index: number): number;
  bytes(index: number): number;
  hash(index: number): number;
  events(index: number): number;
  isDone(index: number): boolean;
  /** Whether it can be removed: all of it is delivered or copied, and nobody writes to it. */
  isFinished(): boolean;
  /** When the oldest undelivered entry was appended, in milliseconds since 1970; undefined without one. */
  oldestAt(): number | undefined;
  /** Returns whether it was still open. */
  setDone(index: number): boolean;
}

/** A segment without entries. */
export function createSegment(id: number): Segment {
  let numbers = new Uint32Array(5 * 256);
  let done = new Uint8Array(256);
  /** All before it are delivered. */
  let firstOpen = 0;
  return {
    id,
    size: 0,
    count: 0,
    open: 0,
    sealed: false,
    writing: false,
    unkept: [],
    add({ offset, bytes, hash, events, at }) {
      const index = this.count;
      if (index === done.length) {
        const more = new Uint32Array(numbers.length * 2);
        more.set(numbers);
        numbers = more;
        const moreDone = new Uint8Array(done.length * 2);
        moreDone.set(done);
        done = moreDone;
      }
      numbers.set([offset, bytes, hash, events, at / 1000], index * 5);
      this.count += 1;
      this.open += 1;
      return index;
    },
    offset: (index) => numbers[index * 5]!,
    bytes: (index) => numbers[index * 5 + 1]!,
    hash: (index) => numbers[index * 5 + 2]!,
    events: (index) => numbers[index * 5 + 3]!,
    oldestAt() {
      while (firstOpen < this.count && done[firstOpen] === 1) firstOpen += 1;
      return firstOpen < this.count ? numbers[firstOpen * 5 + 4]! * 1000 : undefined;
    },
    isDone: (index) => done[index] === 1,
    isFinished() {
      return this.open === 0 && !this.writing && this.unkept.length === 0;
    },
    setDone(index) {
      if (index >= this.count || done[index] === 1) return false;
      done[index] = 1;
      this.open -= 1;
      return true;
    },
  };
}

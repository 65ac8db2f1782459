import type { Position } from '../read/position.js';
import { type ByteList, createByteList } from './byte-list.js';
import { createAhead } from './delivered-ahead.js';

/**
 * Keeps one buffer for each target, and for each shard how far all its records lie in S3. No I/O, no clock.
 *
 * A shard's *safe* position is the last record before the first one that still waits in a buffer, open or on its way to
 * S3. Only this position is stored: a restart reads on from there and misses no record.
 */

/** Where a record goes. Records of one key lie in one buffer. */
export interface Target {
  readonly key: string;
  /** Whether it counts against the quota of active partitions. */
  readonly counts: boolean;
  /** When its buffer is due, if not by the common limits. */
  readonly due?: DueLimits | undefined;
}

/** What becomes one object. */
export interface OpenBuffer<T extends Target> {
  readonly target: T;
  readonly content: ByteList;
  records: number;
  /** When its first record came into it, in milliseconds since 1970. */
  readonly openedMs: number;
  /** The earliest arrival in the stream of any record in it. */
  oldestArrivalMs: number;
  /** The observer's notes, for when the object lies in S3. */
  readonly notes: unknown[];
  /** By shard: where its first record in here stands, and the position just before that. */
  readonly firsts: Map<string, { ordinal: number; before: Position }>;
  /** By shard: its last record in here. */
  readonly lasts: Map<string, string>;
}

/** When a buffer is due. */
export interface DueLimits {
  /** A buffer is due from this size on, before compression. */
  sizeBytes: number;
  /** A buffer is due at this age. */
  intervalMs: number;
}

/** When buffers are due, and how many partitions there may be. */
export interface BufferLimits extends DueLimits {
  /** How many partitions may be active: open, or on their way to S3. */
  maxPartitions: number;
}

/** Where a piece goes, and which record it is of. */
export interface AppendedPiece<T extends Target> {
  shardId: string;
  target: T;
  /** Of the record that the piece is of. */
  sequenceNumber: string;
  arrivalMs: number;
  nowMs: number;
}

/** One buffer for each target, and how far each shard lies in S3. */
export interface Buffers<T extends Target> {
  /**
   * Adds a piece of the record that the shard is at. Nothing when its target would be one active partition too many;
   * else the buffer that has it now.
   */
  append(piece: AppendedPiece<T>): OpenBuffer<T> | undefined;
  /** Whether the record's pieces for this target lie in S3 already, by what was stored before a restart. */
  isDelivered(shardId: string, key: string, sequenceNumber: string): boolean;
  /** The shard's record is done with: all its pieces were appended. */
  advance(shardId: string, position: Position): void;
  /** Takes the buffers that are due; each stays active until `delivered`. */
  due(nowMs: number): OpenBuffer<T>[];
  /**
   * When the next buffer is due by its age, in milliseconds since 1970; nothing while none is open, or while the open
   * ones wait for an earlier object of their target.
   */
  nextDueMs(): number | undefined;
  /** Takes the largest buffer, whether it is due or not. */
  takeLargest(): OpenBuffer<T> | undefined;
  /** Takes every buffer whose target has no earlier object on its way. */
  takeAll(): OpenBuffer<T>[];
  /** The buffer's content lies in S3. */
  delivered(buffer: OpenBuffer<T>): void;
  /** Everything of the shard up to here lies in S3. */
  safe(shardId: string): Position;
  /** Uncompressed bytes that are not in S3 yet. */
  bytes(): number;
  /** How many buffers are not in S3 yet. */
  undelivered(): number;
  activePartitions(): number;
}

/**
 * @param remembered the version of a configuration under which a record always has the same targets: then what lies in
 * S3 beyond a safe position is remembered
 */
export function createBuffers<T extends Target>(
  limits: BufferLimits,
  stored: Iterable<[string, Position]>,
  remembered?: number | string,
): Buffers<T> {
  const open = new Map<string, OpenBuffer<T>>();
  /** On their way to S3: one for each key at most, so that a partition's objects come one after the other. */
  const underway = new Map<string, OpenBuffer<T>>();
  const shards = new Map<string, { ordinal: number; read: Position }>();
  const ahead = createAhead(remembered);
  for (const [shardId, position] of stored) {
    const { ahead: storedAhead, ...read } = position;
    shards.set(shardId, { ordinal: 0, read });
    if (storedAhead) ahead.restore(shardId, storedAhead);
  }
  /** Of `open` and `underway` together, without the targets that do not count. */
  let active = 0;

  const shardOf = (shardId: string) => {
    let shard = shards.get(shardId);
    if (!shard) {
      shard = { ordinal: 0, read: {} };
      shards.set(shardId, shard);
    }
    return shard;
  };

  const take = (buffer: OpenBuffer<T>): OpenBuffer<T> => {
    open.delete(buffer.target.key);
    underway.set(buffer.target.key, buffer);
    return buffer;
  };

  const ready = function* (): Generator<OpenBuffer<T>> {
    for (const buffer of open.values()) if (!underway.has(buffer.target.key)) yield buffer;
  };

  return {
    isDelivered: ahead.has,
    append({ shardId, target, sequenceNumber, arrivalMs, nowMs }) {
      let buffer = open.get(target.key);
      if (!buffer) {
        if (target.counts && !underway.has(target.key)) {
          if (active >= limits.maxPartitions) {
            // The record goes to the error prefix now, and perhaps not after a restart: this target's last record says
            // nothing any more.
            ahead.forget(target.key);
            return undefined;
          }
          active++;
        }
        buffer = {
          target,
          content: createByteList(),
          records: 0,
          openedMs: nowMs,
          oldestArrivalMs: arrivalMs,
          notes: [],
          firsts: new Map(),
          lasts: new Map(),
        };
        open.set(target.key, buffer);
      }
      if (!buffer.firsts.has(shardId)) {
        const { ordinal, read } = shardOf(shardId);
        buffer.firsts.set(shardId, { ordinal, before: read });
      }
      buffer.lasts.set(shardId, sequenceNumber);
      buffer.records++;
      if (arrivalMs < buffer.oldestArrivalMs) buffer.oldestArrivalMs = arrivalMs;
      return buffer;
    },
    advance(shardId, position) {
      const shard = shardOf(shardId);
      shard.ordinal++;
      shard.read = position;
    },
    due(nowMs) {
      const due = [...ready()].filter(
        ({ content, openedMs, target: { due: { sizeBytes, intervalMs } = limits } }) =>
          content.length >= sizeBytes ||
          nowMs - openedMs >= intervalMs ||
          // The clock was set back, so the age is unknown.
          nowMs < openedMs,
      );
      return due.map(take);
    },
    nextDueMs() {
      let next = Number.POSITIVE_INFINITY;
      for (const { openedMs, target } of ready()) next = Math.min(next, openedMs + (target.due ?? limits).intervalMs);
      return next === Number.POSITIVE_INFINITY ? undefined : next;
    },
    takeLargest() {
      let largest: OpenBuffer<T> | undefined;
      for (const buffer of ready()) if (!largest || buffer.content.length > largest.content.length) largest = buffer;
      return largest && take(largest);
    },
    takeAll: () => [...ready()].map(take),
    delivered(buffer) {
      const { key, counts } = buffer.target;
      underway.delete(key);
      if (counts && !open.has(key)) active--;
      for (const [shardId, sequenceNumber] of buffer.lasts) ahead.add(shardId, key, sequenceNumber);
    },
    safe(shardId) {
      const shard = shardOf(shardId);
      let first = { ordinal: shard.ordinal, before: shard.read };
      for (const buffers of [open, underway])
        for (const { firsts } of buffers.values()) {
          const waiting = firsts.get(shardId);
          if (waiting && waiting.ordinal < first.ordinal) first = waiting;
        }
      // Pieces of the record in hand have the shard's own ordinal, and the position before them is the shard's own.
      const beyond = ahead.beyond(shardId, first.before);
      return beyond ? { ...first.before, ahead: beyond } : first.before;
    },
    bytes() {
      let bytes = 0;
      for (const buffers of [open, underway]) for (const { content } of buffers.values()) bytes += content.length;
      return bytes;
    },
    undelivered: () => open.size + underway.size,
    activePartitions: () => active,
  };
}

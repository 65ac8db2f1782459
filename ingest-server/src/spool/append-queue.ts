import type { Chunk } from '../core/chunk.js';
import { type Position, SpoolError } from '../core/delivery/spool.js';
import { encodeFrame } from './frame.js';

/** Told once the append is synced, or cannot be. */
export type Settled = (error: SpoolError | undefined, positions: readonly Position[]) => void;

/** One append: all of its chunks are stored, or none. */
export interface Append {
  chunks: readonly Chunk[];
  /** Header and data of each chunk's frame, in turn. */
  buffers: Buffer[];
  bytes: number;
  settled: Settled;
}

/** The bounds of the queue. */
export interface AppendQueueOptions {
  /** Bytes that the spool may still grow by. */
  room(): number;
  /** The spool's limit in bytes, for the message. */
  maxBytes: number;
}

/** Appends that wait in memory for the disk; refuses those that the disk cannot take. */
export interface AppendQueue {
  isEmpty(): boolean;
  /** Queues an append, or refuses it at once. Returns whether it is queued. */
  add(chunks: readonly Chunk[], settled: Settled): boolean;
  /** Takes the appends for the next sync off the queue. */
  takeGroup(): Append[];
  /** Tells appends that they are stored. */
  stored(group: readonly Append[], positions: readonly (readonly Position[])[]): void;
  /** Tells appends that they are not stored. */
  refuse(group: readonly Append[], why: string): void;
  /** The disk hangs on this group: refuses it and whatever waits or comes, until `answered`. */
  giveUp(group: readonly Append[]): void;
  hangs(): boolean;
  /** The write has ended, whichever way. */
  answered(): void;
  /** Why no small batch would be taken now. */
  whyBusy(): string | undefined;
  /** Whether a small batch would not fit. */
  isFull(): boolean;
}

/** What one sync covers at most, so that the first of a long queue does not wait for the last. */
const groupBytes = 4 * 1024 * 1024;
/** What counts as room for one more batch. */
const smallBatchBytes = 64 * 1024;
/** What may wait for the disk, in memory. */
const maxQueuedBytes = 32 * 1024 * 1024;
/** The time limit of a write with its sync: a group is small, so a disk that needs longer hangs. */
export const writeLimitMs = 5_000;
/** Why appends are refused while the disk hangs. */
export const doesNotAnswer = `the disk has not answered for ${writeLimitMs / 1000} s`;

/** An empty queue. */
export function createAppendQueue({ room, maxBytes }: AppendQueueOptions): AppendQueue {
  const queue: Append[] = [];
  /** The bytes that are being written included. */
  let queuedBytes = 0;
  let hangs = false;

  const cannotWrite = (why: string) => new SpoolError('failed', `the spool cannot be written: ${why}`);

  /** Counts all of them off first: who is told may append in the same moment. */
  function settle(appends: readonly Append[], tell: (append: Append, index: number) => void) {
    for (const { bytes } of appends) queuedBytes -= bytes;
    appends.forEach(tell);
  }

  /** Why the disk cannot take that many more bytes at the moment. */
  function whyBusy(bytes: number): string | undefined {
    if (hangs) return doesNotAnswer;
    return queuedBytes > 0 && queuedBytes + bytes > maxQueuedBytes
      ? `the disk is too slow: ${queuedBytes} bytes wait for it`
      : undefined;
  }

  function whyRefused(bytes: number): SpoolError | undefined {
    if (queuedBytes + bytes > room()) return new SpoolError('full', `the spool is full: it may hold ${maxBytes} bytes`);
    const busy = whyBusy(bytes);
    return busy === undefined ? undefined : cannotWrite(busy);
  }

  function refuse(appends: readonly Append[], why: string) {
    settle(appends, ({ settled }) => settled(cannotWrite(why), []));
  }

  return {
    isEmpty: () => queue.length === 0,
    add(chunks, settled) {
      const buffers = chunks.flatMap(encodeFrame);
      const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
      const refusal = whyRefused(bytes);
      if (refusal !== undefined) {
        settled(refusal, []);
        return false;
      }
      queue.push({ chunks, buffers, bytes, settled });
      queuedBytes += bytes;
      return true;
    },
    takeGroup() {
      let bytes = 0;
      let count = 0;
      while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= groupBytes))
        bytes += queue[count++]!.bytes;
      return queue.splice(0, count);
    },
    stored: (group, positions) => settle(group, ({ settled }, i) => settled(undefined, positions[i]!)),
    refuse,
    giveUp(group) {
      hangs = true;
      refuse([...group, ...queue.splice(0)], doesNotAnswer);
    },
    hangs: () => hangs,
    answered() {
      hangs = false;
    },
    whyBusy: () => whyBusy(smallBatchBytes),
    isFull: () => room() - queuedBytes < Math.min(smallBatchBytes, maxBytes / 4),
  };
}

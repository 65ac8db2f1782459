import { recordLimits } from '../chunk.js';
import { payloadUnitBytes } from './cost.js';
import type { Waiting } from './ticket.js';

/** The time between calls while the spool drains: one payload unit each makes a shard's 1 MB/s. */
export const drainPauseMs = payloadUnitBytes / 1000;

/** How many of the queue's first chunks fit into one record of at most `maxBytes`: at least one, if there is one. */
export function fitting(queue: readonly Waiting[], maxBytes: number = recordLimits.bytes): number {
  let events = 0;
  let bytes = 0;
  for (let count = 0; count < queue.length; count++) {
    const { chunk } = queue[count]!;
    events += chunk.events;
    bytes += chunk.data.length;
    if (count > 0 && (events > recordLimits.events || bytes > maxBytes)) return count;
  }
  return queue.length;
}

/**
 * How many of the queue's first chunks make a record out of the spool: what the shard takes until the next record can
 * leave, and no more. A record in flight when the process is killed may come twice, where the stream cannot be asked.
 */
export function drainedFilling(queue: readonly Waiting[], roundTripMs: number): number {
  const units = Math.max(1, Math.ceil(roundTripMs / drainPauseMs));
  return fitting(queue, Math.min(units * payloadUnitBytes, recordLimits.bytes));
}

/**
 * How many of the queue's first chunks make the next record. A stream bills each begun 25 KB of a record, so chunks
 * that would only begin another unit stay for the next record, unless not even one unit is full.
 */
export function freshFilling(queue: readonly Waiting[]): number {
  const most = fitting(queue);
  let bytes = 0;
  for (let i = 0; i < most; i++) bytes += queue[i]!.chunk.data.length;
  const units = Math.floor(bytes / payloadUnitBytes) * payloadUnitBytes;
  let count = most;
  for (; count > 1 && bytes > units; count--) bytes -= queue[count - 1]!.chunk.data.length;
  // A large chunk behind a small one travels with it: less must be cut off than is left.
  return units === 0 || bytes < units / 2 ? most : count;
}

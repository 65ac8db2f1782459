import { recordLimits } from '../chunk.js';
import { billed, dollarsOfRecord, payloadUnitBytes } from './cost.js';
import { ledgerRowBytes } from './ledger.js';
import type { Waiting } from './ticket.js';

/**
 * The next call leaves so long after the one before: a call costs the server as much as ten requests, and without a
 * pause each full lane would have its own. Calls in flight do not wait for each other. One payload unit in each pause
 * makes a shard's 1 MB/s, at which a lane drains.
 */
export const callPauseMs = payloadUnitBytes / 1000;

/** How many of the queue's first chunks fit into one record of at most `maxBytes`: at least one, if there is one. */
export function fitting(queue: readonly Waiting[], maxBytes: number = recordLimits.bytes): number {
  let lines = 0;
  let bytes = ledgerRowBytes;
  for (let count = 0; count < queue.length; count++) {
    const waiting = queue[count]!;
    lines += Math.max(1, waiting.chunk.events);
    bytes += waiting.bytes;
    if (count > 0 && (lines > recordLimits.events || bytes > maxBytes)) return count;
  }
  return queue.length;
}

/**
 * How many of the queue's first chunks make a record out of the spool: what the shard takes until the next record can
 * leave, and no more. A record in flight when the process is killed may come twice, where the stream cannot be asked.
 */
export function drainedFilling(queue: readonly Waiting[], roundTripMs: number): number {
  const units = Math.max(1, Math.ceil(roundTripMs / callPauseMs));
  return fitting(queue, Math.min(units * payloadUnitBytes, recordLimits.bytes));
}

/** From here on a record need not grow: a step more or less hardly changes its price. */
const goodBytes = 19_000;
/** The share of its 5 KB steps that a well filled record takes. */
const wellFilled = 0.95;
/** At most this share of what could go stays behind for a better filled record. */
const mostLeftBehind = 0.4;

/** Whether so many bytes should wait for no more: they make a well filled record, or much will be left behind. */
export function isEnough(queuedBytes: number): boolean {
  const bytes = queuedBytes + ledgerRowBytes;
  if (bytes >= recordLimits.targetBytes) return true;
  return bytes >= goodBytes && bytes / billed(bytes).firehoseBytes >= wellFilled;
}

/**
 * How many of the queue's first chunks make the record that costs least a byte: Firehose rounds a record up to 5 KB,
 * and a stream to 25 KB. What would only begin another step waits for the next record.
 */
export function freshFilling(queue: readonly Waiting[]): number {
  const most = fitting(queue);
  let total = ledgerRowBytes;
  for (let i = 0; i < most; i++) total += queue[i]!.bytes;
  const fewestBytes = Math.max(total * (1 - mostLeftBehind), Math.min(total, goodBytes));
  let best = most;
  let least = dollarsOfRecord(total) / total;
  let bytes = total;
  for (let count = most - 1; count > 0; count--) {
    bytes -= queue[count]!.bytes;
    if (bytes < fewestBytes) break;
    const dollars = dollarsOfRecord(bytes) / bytes;
    if (dollars >= least) continue;
    best = count;
    least = dollars;
  }
  return best;
}

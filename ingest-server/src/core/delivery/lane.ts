import { recordLimits } from '../chunk.js';
import { type HashRange, middleOf } from './hash-ranges.js';
import { isUnsafe, type Waiting } from './ticket.js';

/**
 * The way to one shard. Every visitor belongs to one lane, a lane has at most one record in flight, and what waits
 * behind it goes into the next: so a visitor's events keep their order.
 */
export interface Lane {
  readonly index: number;
  /** The explicit hash key of the lane's records, in decimal. */
  readonly hashKey: string;
  readonly queue: Waiting[];
  /** How many of the queue's first chunks are in flight. */
  inFlight: number;
  queuedEvents: number;
  queuedBytes: number;
  /** Undelivered chunks of this lane in the spool, those in the queue included. */
  backlog: number;
  /** Chunks of this lane that are being appended to the spool. */
  appending: number;
  refilling: boolean;
  /** Failures in a row, since when, and when to try again. */
  attempts: number;
  failingSince: number;
  retryAt: number;
  /** Whether the last failure was the shard's limit, which the end of an outage does not lift. */
  throttled: boolean;
  /** How long the stream took to answer the last record that it took. */
  roundTripMs: number;
}

/** An empty lane; `index` is its place among the lanes. */
export function createLane(index: number, range: HashRange): Lane {
  return {
    index,
    hashKey: middleOf(range),
    queue: [],
    inFlight: 0,
    queuedEvents: 0,
    queuedBytes: 0,
    backlog: 0,
    appending: 0,
    refilling: false,
    attempts: 0,
    failingSince: 0,
    retryAt: 0,
    throttled: false,
    roundTripMs: 0,
  };
}

/**
 * The chunk that a request has waited for longest. A lane that lies behind has none in memory: its chunks are safe, or
 * on their way to the spool.
 */
export function firstUnsafe(lane: Lane): Waiting | undefined {
  return liesBehind(lane) ? undefined : lane.queue.find(isUnsafe);
}

/** How long a request waits for a lane whose last record failed before its events go to the spool: a few retries. */
const refusedPatienceMs = 150;

/**
 * When the chunks that requests wait for go to the spool instead, by the delivery's clock; undefined while none waits.
 * A call without an answer may still succeed, so it gets the whole time limit; after a failure another is likely.
 */
export function spillsAt(lane: Lane, ackTimeoutMs: number): number | undefined {
  const first = firstUnsafe(lane);
  if (first === undefined) return undefined;
  const patienceEnds = lane.attempts > 0 ? Math.max(first.since, lane.failingSince) + refusedPatienceMs : Infinity;
  return Math.min(first.since + ackTimeoutMs, patienceEnds);
}

/** Whether the spool has, or is getting, chunks of the lane. */
export const isSpooled = (lane: Lane): boolean => lane.backlog + lane.appending > 0;

/**
 * Whether new chunks must go to the spool, behind chunks of the lane that only the spool has. They need not once the
 * queue holds the whole backlog and the stream takes it: a busy lane would never get out of the spool otherwise.
 */
export function liesBehind({ appending, backlog, attempts, queue }: Lane): boolean {
  if (appending > 0) return true;
  if (backlog === 0) return false;
  if (attempts > 0) return true;
  let inQueue = 0;
  if (backlog <= queue.length) for (const { position } of queue) if (position !== undefined) inQueue += 1;
  return backlog > inQueue;
}

/** Puts a chunk at the queue's end. */
export function enqueue(lane: Lane, waiting: Waiting): void {
  lane.queue.push(waiting);
  lane.queuedEvents += waiting.chunk.events;
  lane.queuedBytes += waiting.chunk.data.length;
}

/** Removes the chunks for which `leaving` is true, but never one in flight. Returns them. */
export function removeIf(lane: Lane, leaving: (waiting: Waiting, index: number) => boolean): Waiting[] {
  const removed: Waiting[] = [];
  const kept = lane.queue.filter((waiting, index) => {
    if (index < lane.inFlight || !leaving(waiting, index)) return true;
    removed.push(waiting);
    lane.queuedEvents -= waiting.chunk.events;
    lane.queuedBytes -= waiting.chunk.data.length;
    return false;
  });
  lane.queue.splice(0, lane.queue.length, ...kept);
  return removed;
}

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

/** Whether the next record comes out of the spool. */
export const drains = (queue: readonly Waiting[]): boolean => queue[0]?.position !== undefined;

/** Takes the record that was in flight off the queue. */
export function takeDelivered(lane: Lane): Waiting[] {
  const taken = lane.queue.splice(0, lane.inFlight);
  lane.inFlight = 0;
  for (const { chunk } of taken) {
    lane.queuedEvents -= chunk.events;
    lane.queuedBytes -= chunk.data.length;
  }
  return taken;
}

/**
 * When the lane's next record should leave, by the delivery's clock; undefined while one is in flight or nothing waits.
 * A lane lingers only while it is quiet: not with enough for a good record, not after a failure, not when draining.
 */
export function leavesAt(lane: Lane, lingerMs: number): number | undefined {
  const first = lane.queue[0];
  if (lane.inFlight > 0 || first === undefined) return undefined;
  const eager =
    lane.attempts > 0 ||
    first.position !== undefined ||
    lane.queuedBytes >= recordLimits.targetBytes ||
    lane.queuedEvents >= recordLimits.events;
  return Math.max(lane.retryAt, eager ? first.since : first.since + lingerMs);
}

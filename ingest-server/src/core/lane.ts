import type { Position } from '../spool/spool.js';
import type { RequestAccount } from './account.js';
import type { Chunk } from './chunk.js';
import { recordLimits } from './chunk.js';
import { type HashRange, middleOf } from './hash-ranges.js';

/** Waits for all chunks of one request. */
export interface Ticket {
  /** Chunks that are not safe yet. */
  left: number;
  /** One of its chunks is safe, while others are not, or will never be. */
  kept(chunk: Chunk): void;
  settle(error?: Error): void;
  account: RequestAccount;
}

/** A chunk on its way. */
export interface Waiting {
  readonly chunk: Chunk;
  /** Absent for what came out of the spool: that was acknowledged long ago. */
  readonly ticket: Ticket | undefined;
  /** The request's account, likewise. */
  readonly request: RequestAccount | undefined;
  /** When the server had it, by the delivery's clock. */
  readonly since: number;
  /** In the stream or in the spool: its request may be answered. */
  safe: boolean;
  /** Its append to the spool is not settled yet. */
  spooling: boolean;
  /** Where it lies in the spool, if it does. */
  position: Position | undefined;
  delivered: boolean;
  /** Its request was refused: it is not sent again. */
  dropped: boolean;
}

/**
 * The way to one shard. Every visitor belongs to one lane, a lane has at most one record in flight, and what waits
 * behind it goes into the next: so a visitor's events keep their order.
 */
export interface Lane {
  readonly index: number;
  readonly hashKey: string;
  readonly queue: Waiting[];
  /** How many of the queue's first chunks are in flight. */
  inFlight: number;
  queuedEvents: number;
  queuedBytes: number;
  /** Undelivered chunks in the spool that belong here, the queue's included. */
  backlog: number;
  /** Chunks that belong here and are being appended to the spool. */
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

export function waitingFor(chunk: Chunk, ticket: Ticket | undefined, since: number, position?: Position): Waiting {
  const safe = position !== undefined;
  const request = ticket?.account;
  return { chunk, ticket, request, since, safe, spooling: false, position, delivered: false, dropped: false };
}

/** Whether its request still waits for it. What was refused is not spooled again: it would land behind what came after it. */
export const isUnsafe = ({ safe, spooling, dropped }: Waiting) => !safe && !spooling && !dropped;

/** The chunk that a request has waited for longest. A lane that lies behind has none in memory: what it has is safe or on its way. */
export function firstUnsafe(lane: Lane): Waiting | undefined {
  return liesBehind(lane) ? undefined : lane.queue.find(isUnsafe);
}

/** What a request waits for a lane that was refused before its events go to the spool: a few retries. */
const refusedPatienceMs = 150;

/**
 * When what the lane's requests wait for goes to the spool instead, by the delivery's clock; undefined while none waits. No answer may still be
 * a good one, and is waited for; a refusal will hardly be the last.
 */
export function spillsAt(lane: Lane, ackTimeoutMs: number): number | undefined {
  const first = firstUnsafe(lane);
  if (first === undefined) return undefined;
  const patienceEnds = lane.attempts > 0 ? Math.max(first.since, lane.failingSince) + refusedPatienceMs : Infinity;
  return Math.min(first.since + ackTimeoutMs, patienceEnds);
}

/** Once all of a request's chunks are safe, it is answered. */
export function makeSafe(waiting: Waiting) {
  if (waiting.safe) return;
  waiting.safe = true;
  const { ticket, chunk } = waiting;
  if (ticket === undefined) return;
  ticket.left -= 1;
  if (ticket.left > 0 || ticket.account.outcome === 'refused') ticket.kept(chunk);
  else ticket.settle();
}

/** Whether the spool has something of the lane. */
export const isSpooled = (lane: Lane) => lane.backlog + lane.appending > 0;

/**
 * While the spool has something of a lane that its queue has not, whatever comes queues up behind that, in the spool. As soon as the queue has it
 * all, and the stream takes it, what comes need not go to the disk any more: a lane on which something always comes would never be out of the
 * spool again.
 */
export function liesBehind({ appending, backlog, attempts, queue }: Lane): boolean {
  if (appending > 0) return true;
  if (backlog === 0) return false;
  if (attempts > 0) return true;
  let inQueue = 0;
  if (backlog <= queue.length) for (const { position } of queue) if (position !== undefined) inQueue += 1;
  return backlog > inQueue;
}

export function enqueue(lane: Lane, waiting: Waiting) {
  lane.queue.push(waiting);
  lane.queuedEvents += waiting.chunk.events;
  lane.queuedBytes += waiting.chunk.data.length;
}

/** Takes the chunks out that `leaving` likes. Never those in flight. */
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

/** How many of the queue's first chunks fit into one record, or into less: one at least, if there is one. */
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

/** Whether what leaves next comes out of the spool. */
export const drains = (queue: readonly Waiting[]) => queue[0]?.position !== undefined;

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
 * When the lane's next record should leave, by the delivery's clock; undefined while one is in flight or nothing waits. A
 * lane lingers only while it is quiet: not with enough for a good record, not behind a failure, not when draining.
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

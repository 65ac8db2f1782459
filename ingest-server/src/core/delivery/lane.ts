import { recordLimits } from '../chunk.js';
import { drainedFilling, fitting, freshFilling, isEnough } from './filling.js';
import type { LedgerLine, LedgerQueue } from './ledger.js';
import { isUnsafe, type Waiting } from './ticket.js';

/** How long a request waits for a lane whose last record failed before its events go to the spool: a few retries. */
const refusedPatienceMs = 150;

/**
 * A queue of chunks on their way to the stream. Every visitor belongs to one lane, a lane has at most one record in
 * flight, and what waits behind it goes into the next: so a visitor's events keep their order. A lane changes itself;
 * whoever has it says what happened.
 */
export class Lane {
  #queue: Waiting[] = [];
  /** How many of the queue's first chunks are in flight. */
  #inFlight = 0;
  #queuedEvents = 0;
  #queuedBytes = 0;
  /** Undelivered chunks of this lane in the spool, those in the queue included. */
  #backlog = 0;
  /** Chunks of this lane that are being appended to the spool. */
  #appending = 0;
  #isRefilling = false;
  /** Failures in a row, since when, and when to try again. */
  #attempts = 0;
  #failingSince = 0;
  #retryAt = 0;
  /** Whether the last failure was the shard's limit, which the end of an outage does not lift. */
  #isThrottled = false;
  /** When a chunk came last, and how long none had come before the queue's first. */
  #cameAt: number | undefined;
  #gapMs = 0;
  /** How long the stream took to answer the last record that it took. */
  #roundTripMs = 0;

  /** The row of the ledger in the record in flight; undefined without one. */
  #ledgerLine: LedgerLine | undefined;

  /**
   * @param index its place among the lanes
   * @param ledger where it writes down what it puts
   */
  constructor(
    readonly index: number,
    private readonly ledger?: LedgerQueue,
  ) {}

  /** Oldest first; what is in flight is at its start. */
  get queue(): readonly Waiting[] {
    return this.#queue;
  }
  get inFlight(): readonly Waiting[] {
    return this.#queue.slice(0, this.#inFlight);
  }
  get isInFlight(): boolean {
    return this.#inFlight > 0;
  }
  get queuedEvents(): number {
    return this.#queuedEvents;
  }
  get queuedBytes(): number {
    return this.#queuedBytes;
  }
  /** Whether chunks are on their way to the spool. */
  get isAppending(): boolean {
    return this.#appending > 0;
  }
  /** Whether the spool has, or is getting, chunks of the lane. */
  get isSpooled(): boolean {
    return this.#backlog + this.#appending > 0;
  }
  /** Whether its last record failed. */
  get isFailing(): boolean {
    return this.#attempts > 0;
  }
  /** When to try again after a failure, by the delivery's clock. */
  get retryAt(): number {
    return this.#retryAt;
  }
  /** Whether the next record comes out of the spool. */
  get isDraining(): boolean {
    return this.#queue[0]?.position !== undefined;
  }

  /**
   * Whether new chunks must go to the spool, behind chunks of the lane that only the spool has. They need not once the
   * queue holds the whole backlog and the stream takes it: a busy lane would never get out of the spool otherwise.
   */
  get liesBehind(): boolean {
    if (this.#appending > 0) return true;
    if (this.#backlog === 0) return false;
    if (this.#attempts > 0) return true;
    let inQueue = 0;
    if (this.#backlog <= this.#queue.length)
      for (const { position } of this.#queue) if (position !== undefined) inQueue += 1;
    return this.#backlog > inQueue;
  }

  /**
   * The chunk that a request has waited for longest. A lane that lies behind has none in memory: its chunks are safe,
   * or on their way to the spool.
   */
  get firstUnsafe(): Waiting | undefined {
    return this.liesBehind ? undefined : this.#queue.find(isUnsafe);
  }

  /**
   * When the chunks that requests wait for go to the spool instead, by the delivery's clock; Infinity while none waits.
   * A call without an answer may still succeed, so it gets the whole time limit; after a failure another is likely.
   */
  spillsAt(ackTimeoutMs: number): number {
    const first = this.firstUnsafe;
    if (first === undefined) return Infinity;
    const patienceEnds = this.#attempts > 0 ? Math.max(first.since, this.#failingSince) + refusedPatienceMs : Infinity;
    return Math.min(first.since + ackTimeoutMs, patienceEnds);
  }

  /**
   * When the next record should leave, by the delivery's clock; Infinity while one is in flight or nothing waits. A
   * lane waits for company: not with enough for a good record, not after a failure, not when draining; and not for long
   * where none is to be expected, because nothing had come for ten lingers.
   */
  leavesAt(lingerMs: number): number {
    const first = this.#queue[0];
    if (this.#inFlight > 0 || first === undefined) return Infinity;
    const isEager =
      this.#attempts > 0 || this.isDraining || isEnough(this.#queuedBytes) || this.#queuedEvents >= recordLimits.events;
    if (isEager) return Math.max(this.#retryAt, first.since);
    return Math.max(this.#retryAt, first.since + (this.#gapMs > 10 * lingerMs ? lingerMs / 10 : lingerMs));
  }

  /** Puts a chunk at the queue's end. */
  take(waiting: Waiting): void {
    if (this.#queue.length === 0) this.#gapMs = waiting.since - (this.#cameAt ?? waiting.since);
    this.#cameAt = waiting.since;
    this.#queue.push(waiting);
    this.#queuedEvents += waiting.chunk.events;
    this.#queuedBytes += waiting.bytes;
  }

  /**
   * The next record leaves; returns its chunks, and the row of the ledger that travels with them: it names those that
   * did not come out of the spool.
   */
  depart(): { chunks: readonly Waiting[]; row: Buffer | undefined } {
    this.#inFlight = this.isDraining ? drainedFilling(this.#queue, this.#roundTripMs) : freshFilling(this.#queue);
    const chunks = this.inFlight;
    const acknowledged: string[] = [];
    for (const { chunk, position } of chunks)
      if (position === undefined && chunk.ledgerText) acknowledged.push(chunk.ledgerText);
    if (this.ledger === undefined || acknowledged.length === 0) return { chunks, row: undefined };
    this.#ledgerLine = this.ledger.line(acknowledged);
    return { chunks, row: this.#ledgerLine.data };
  }

  /** The stream took the record in flight, after so many milliseconds; returns its chunks. */
  succeed(tookMs: number): readonly Waiting[] {
    this.#roundTripMs = tookMs;
    this.#attempts = 0;
    this.#retryAt = 0;
    this.#isThrottled = false;
    this.#ledgerLine = undefined;
    const taken = this.#queue.splice(0, this.#inFlight);
    this.#inFlight = 0;
    for (const waiting of taken) {
      this.#leave(waiting);
      waiting.delivered = true;
    }
    return taken;
  }

  /**
   * The record in flight failed.
   * @param waitMs how long to do nothing, after so many failures in a row
   */
  fail(now: number, isThrottled: boolean, waitMs: (failures: number) => number): void {
    this.#inFlight = 0;
    this.#ledgerLine?.giveBack();
    this.#ledgerLine = undefined;
    this.dropRefused();
    this.#isThrottled = isThrottled;
    this.#backOff(now, waitMs);
  }

  /** An outage is over: what waits because of it need wait no longer. */
  recover(): void {
    if (!this.#isThrottled) this.#retryAt = 0;
  }

  /** Chunks begin to be appended to the spool, or that is settled: how many more, or fewer, there are now. */
  changeAppending(by: number): void {
    this.#appending += by;
  }

  /** The spool has more, or fewer, undelivered chunks of this lane. */
  changeBacklog(by: number): void {
    this.#backlog += by;
  }

  /** The backlog is counted anew. */
  forgetBacklog(): void {
    this.#backlog = 0;
  }

  /** Takes chunks that need not be sent out of the queue, but never one in flight. */
  remove(leaving: (waiting: Waiting) => boolean): void {
    this.#removeIf((waiting) => leaving(waiting));
  }

  /** Takes the chunks of refused requests out of the queue. */
  dropRefused(): void {
    this.#removeIf(({ dropped }) => dropped);
  }

  /** Takes out of the queue what the spool has, too, beyond so many bytes. */
  trimTo(readAheadBytes: number): void {
    // In an outage this is asked for each request.
    if (this.#queuedBytes <= readAheadBytes && this.#queuedEvents <= recordLimits.events) return;
    // A running refill follows the queue's end, so that end must stay; and then the queue is short anyway.
    if (this.#isRefilling || !this.isSpooled) return;
    // A spooled chunk must not go while one stays that came after it.
    const waiting = this.#queue.slice(this.#inFlight);
    if (waiting.some(({ position }) => position === undefined)) return;
    const keep = this.#inFlight + fitting(waiting, readAheadBytes);
    this.#removeIf((_, index) => index >= keep);
  }

  /** Whether the spool has more of this lane than the queue, and the queue has room. */
  wantsRefill(readAheadBytes: number): boolean {
    if (this.#isRefilling || this.#backlog === 0) return false;
    const isShort = this.#queuedBytes < readAheadBytes && this.#queuedEvents < recordLimits.events;
    // While a record is in flight the next one is read, however large the first is.
    if (!isShort && this.#queue.length > this.#inFlight) return false;
    // A refill follows the queue's end, so all of the queue must be in the spool.
    if (this.#queue.some(({ position }) => position === undefined)) return false;
    return this.#backlog > this.#queue.length;
  }

  /** The lane's next chunks are being read from the spool. */
  beginRefill(): void {
    this.#isRefilling = true;
  }

  /** They are read; `damaged` are no longer in the spool. */
  refill(found: readonly Waiting[], damaged: number, now: number): void {
    this.#isRefilling = false;
    this.#backlog -= damaged;
    // A new segment was begun while the old ones were read: the next refill looks at it.
    if (found.length === 0 && damaged === 0) this.#retryAt = Math.max(this.#retryAt, now + 10);
    for (const waiting of found) this.take(waiting);
  }

  /** They could not be read. */
  failRefill(now: number, waitMs: (failures: number) => number): void {
    this.#isRefilling = false;
    this.#backOff(now, waitMs);
  }

  #backOff(now: number, waitMs: (failures: number) => number): void {
    if (this.#attempts === 0) this.#failingSince = now;
    this.#attempts += 1;
    this.#retryAt = now + waitMs(this.#attempts);
  }

  #removeIf(leaving: (waiting: Waiting, index: number) => boolean): void {
    this.#queue = this.#queue.filter((waiting, index) => {
      if (index < this.#inFlight || !leaving(waiting, index)) return true;
      this.#leave(waiting);
      return false;
    });
  }

  #leave({ chunk, bytes }: Waiting): void {
    this.#queuedEvents -= chunk.events;
    this.#queuedBytes -= bytes;
  }
}

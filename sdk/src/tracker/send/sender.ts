import { lingerMs, settleMs } from '../bounds.js';
import { after } from '../browser/after.js';
import { attempt } from '../browser/attempt.js';
import { indexOf, join, max } from '../browser/builtins.js';
import { sleep } from '../browser/sleep.js';
import type { Store } from '../browser/store.js';
import { later, now } from '../browser/time.js';
import type { Moments, PluginContext } from '../plugin.js';
import type { Batch } from '../queue/batch.js';
import type { QueuedBatch } from '../queue/next-batch.js';
import type { Queue } from '../queue/queue.js';
import { beginRun, endRun } from '../queue/runs.js';
import type { TrackerOptions } from '../types.js';
import { type Backoff, manyFailures } from './backoff.js';
import { isOurs } from './is-ours.js';
import { createLock, type Lock } from './lock.js';
import { type Answer, isTransient, type Post } from './transport.js';

/** Sends the queue. */
export interface Sender {
  /** Sends what waits, `delay` milliseconds from now or sooner. */
  _wake(delay?: number): void;
  /** Sends what waits. Settles when all is sent or has to wait for its next try. Never rejects. */
  _flush(): Promise<unknown>;
  /** Notes the answer to a batch. True when it is ours and final; otherwise a pause begins. */
  _settle(batch: Batch, answer: Answer, at: number): boolean;
}

/** What the sender needs of the tracker. Modules fill the optional members. */
export interface SenderPorts extends Pick<PluginContext, 'on'> {
  _options: Pick<TrackerOptions, 'retry'>;
  _store: Store;
  _queue: Queue;
  _backoff: Backoff;
  _post: Post;
  /** Calls the listeners of a moment; false when one of them returned false. */
  _tell<Moment extends keyof Moments>(moment: Moment, about?: Moments[Moment]): boolean;
  /** The address of a batch's request that leaves at `now`. */
  _urlOf(batch: Batch, now: number): string;
  /** The lock where the browser has no Web Locks. */
  _lease: Lock;
  /** What the sender takes before it sends. Set by the sender. */
  _lock: Lock;
  /** Whether an answer shows that requests arrive spoilt, and they are made in another way from now on. */
  _adapt?(answer: Answer): boolean;
  /** Sends a batch in another way than as its lines alone. Set by `deliverBatches`, which asks the members below. */
  _deliver?(url: string, batch: QueuedBatch, isRetry: boolean, signal?: AbortSignal): Promise<Answer>;
  /** The first line of a body that is to be plain text; empty for others. Asked right after `_urlOf`. */
  _envelope?(): string;
  /**
   * Asks about a batch that was sent before without an answer; undefined when it has to be sent again.
   * @param envelope the body of the question
   */
  _confirm?(url: string, envelope: string, keepalive?: boolean, signal?: AbortSignal): Promise<Answer | undefined>;
  /** Whether a request of this many bytes should outlive the page. */
  _survives?(bytes: number): boolean;
}

/**
 * Decides when to send, and what follows from an answer. The lock `name` allows one sending tab, which sends for all.
 */
export function createSender(ports: SenderPorts, name: string): Sender {
  const { _backoff: backoff, _queue: queue } = ports;
  ports._lock = createLock(name, ports);
  let timer: unknown;
  /** When the timer fires; 0 for no timer. */
  let due = Infinity;
  let running: Promise<unknown> | undefined;
  /** Only events tracked meanwhile are left; they wait for others to share their request. */
  let isAll: boolean;
  /** A page that has just begun tries once, unless many tries have failed. */
  let urgent = manyFailures;

  function settle(batch: Batch, answer: Answer, at: number): boolean {
    const ours = isOurs(answer, batch);
    const isAgain = ports._adapt?.(answer);
    const isLost = isTransient(answer);
    const isKept = isLost || indexOf(`${ports._options.retry}`, `${answer.status}`) >= 0;
    const isFinal = ours && !isAgain && !isKept;
    ports._tell('answered', { ...answer, batch, at, isOurs: ours, isFinal });
    if (isFinal) backoff._succeeded();
    else {
      // It did not get through, or only in part. The next try is not to be a question: the server may know the part.
      if (!isLost) endRun(ports._store, batch, false);
      if (!isAgain) backoff._failed(now(), answer._retryAfter);
    }
    return isFinal;
  }

  /** @param signal aborted when the page is gone */
  async function drain(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted && !backoff._wait(now(), urgent)) {
      urgent = 0;
      const batch = isAll ? undefined : await queue._next();
      isAll = !batch;
      if (!batch) return await sleep(settleMs);
      if (signal?.aborted) return;
      const at = now();
      const url = ports._urlOf(batch, at);
      const isRetry = beginRun(ports._store, batch);
      const answer = await (ports._deliver?.(url, batch, isRetry, signal) || ports._post(url, join(batch.lines, '\n')));
      if (signal?.aborted) return;
      const isFinal = settle(batch, answer, at);
      const isTooLarge = answer.status === 413;
      // Also a proxy on the way may say so.
      if (isTooLarge && batch.lines.length > 1) queue._split(batch);
      else if (isFinal) {
        await queue._done(batch, isTooLarge ? 'too_large' : answer.status >= 400 ? 'refused' : undefined);
        ports._tell('done', batch);
        isAll = batch._isAll;
      }
    }
  }

  async function run(): Promise<void> {
    isAll = false;
    await ports._lock(drain);
    if (!isAll) wake(max(backoff._wait(now()), lingerMs));
  }

  function flush(): Promise<unknown> {
    clearTimeout(timer as number);
    due = Infinity;
    running = after(running, run);
    return running;
  }

  function wake(delay = 0): void {
    if (now() + delay >= due) return;
    clearTimeout(timer as number);
    due = now() + delay;
    timer = attempt(() => later(flush, delay));
  }

  ports.on('stopped', () => {
    clearTimeout(timer as number);
    // Always earlier than what anybody asks for.
    due = 0;
  });
  return { _wake: wake, _flush: flush, _settle: settle };
}

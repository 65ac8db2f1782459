import { attempt } from './attempt.js';
import { hopeless } from './backoff.js';
import { lingerMs, settleMs } from './bounds.js';
import { createLock } from './lock.js';
import type { Inside } from './plugin.js';
import type { Batch } from './queue.js';
import { beginRun } from './runs.js';
import { sleep } from './sleep.js';
import { type Answer, isPassing } from './transport.js';

export interface Sender {
  /** Sends what waits, `delay` milliseconds from now or sooner. */
  wake(delay?: number): void;
  /** Sends what waits and settles when all is sent or has to wait for its next try. Never rejects. */
  flush(): Promise<unknown>;
  /** Whether an answer is the last word on a batch; else there is a pause. */
  settle(batch: Batch, answer: Answer, at: number): boolean;
}

/** When to send, and what follows from an answer. One request at a time over all tabs, by the lock; the one that has it sends for all. */
export function createSender(inside: Omit<Inside, 'sender'>, name: string): Sender {
  const { backoff, queue } = inside;
  const { now } = Date;
  const lock = createLock(name, inside);
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When it is to go off; 0 for not. */
  let due = 0;
  let running: Promise<unknown> = Promise.resolve();
  /** Nothing waits any more but what was tracked meanwhile, which waits for others to share its request. */
  let isAll: boolean;
  /** The page has just begun. */
  let urgent = hopeless;

  function settle(batch: Batch, answer: Answer, at: number): boolean {
    inside.tell('answered', { ...answer, batch, at });
    const isFinal = !isPassing(answer);
    if (isFinal) backoff.succeeded();
    else backoff.failed(now(), answer.retryAfter);
    return isFinal;
  }

  async function drain(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted && !backoff.wait(now(), urgent)) {
      urgent = 0;
      const batch = isAll ? undefined : await queue.next();
      isAll = !batch;
      if (!batch) return sleep(settleMs);
      const text = batch.lines.join('\n');
      const zipped = await inside.compress?.(text);
      if (signal?.aborted) return;
      const isAgain = beginRun(inside.store, batch);
      const at = now();
      const url = inside.address(batch, at) + (zipped ? '&encoding=gzip' : '');
      const survives = inside.survives?.(zipped ? zipped.size : text.length * 3);
      const answer = await inside.post(url, zipped || text, survives, signal, isAgain);
      if (signal?.aborted || !settle(batch, answer, at)) return;
      const isTooLarge = answer.status === 413;
      if (isTooLarge && batch.lines.length > 1) queue.split(batch);
      else {
        await queue.done(batch, isTooLarge ? 'too_large' : answer.status >= 400 ? 'refused' : undefined);
        inside.tell('done', batch);
        isAll = batch.isAll;
      }
    }
  }

  async function run(): Promise<void> {
    await inside.settled?.();
    const { signal } = inside;
    isAll = false;
    await lock(() => drain(signal), signal);
    if (!isAll) wake(Math.max(backoff.wait(now()), lingerMs));
  }

  function flush(): Promise<unknown> {
    clearTimeout(timer);
    due = 0;
    running = running.then(run).catch(() => {});
    return running;
  }

  function wake(delay = 0): void {
    if (inside.signal?.aborted || (due && now() + delay >= due)) return;
    clearTimeout(timer);
    due = now() + delay;
    timer = attempt(() => setTimeout(flush, delay));
  }

  return { wake, flush, settle };
}

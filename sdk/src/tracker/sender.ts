import { type Aborter, newAborter } from './aborter.js';
import { attempt } from './attempt.js';
import type { Backoff } from './backoff.js';
import { exitBatchChars, exitBytes, lingerMs, settleMs } from './bounds.js';
import { byteLength } from './bytes.js';
import type { Lock } from './lock.js';
import type { Batch, Queue } from './queue.js';
import { sleep } from './sleep.js';
import type { Answer, Sending, Transport } from './transport.js';

export interface Sender {
  /** Sends what waits, `delay` milliseconds from now or sooner. */
  wake(delay?: number): void;
  /** Sends what waits and settles when all is sent or has to wait for its next try. Never rejects. */
  flush(): Promise<void>;
  /** The page may go at any moment: hands over what fits of this stream. */
  exit(streamId: string | undefined): void;
  /** The page is gone, perhaps to come back: gives up what is under way, and the lock. */
  stop(): void;
  resume(): void;
}

export interface SenderParts {
  queue: Queue;
  backoff: Backoff;
  lock: Lock;
  transport: Transport;
  /** The address of a batch's request. */
  address(batch: Batch, now: number): string;
  now(): number;
  /** Told of each answer, for debugging. */
  answered(batch: Batch, answer: Answer): void;
}

/** When to send, and what follows from an answer. One request at a time over all tabs, by the lock; the one that has it sends for all. */
export function createSender({ queue, backoff, lock, transport, address, now, answered }: SenderParts): Sender {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Number.POSITIVE_INFINITY;
  let running: Promise<void> | undefined;
  let again = false;
  let current: { batch: Batch; sending: Sending } | undefined;
  let stopped: Aborter | undefined = newAborter();
  /** Batches that a leaving page handed over, and the bytes of those without an answer yet. */
  const leaving = new Map<string, Promise<void>>();
  let leavingBytes = 0;

  function settle(batch: Batch, answer: Answer): void {
    const { status } = answer;
    answered(batch, answer);
    if (status >= 200 && status < 300) queue.done(batch);
    else if (status === 413 && batch.names.length > 1) queue.split(batch);
    else if (status === 413) queue.refuse(batch, 'too_large');
    else if (status >= 400 && status < 500 && status !== 408 && status !== 429) queue.refuse(batch, 'refused');
    else {
      backoff.failed(now(), answer.retryAfter);
      return;
    }
    backoff.succeeded();
  }

  async function drain(mine: Aborter): Promise<void> {
    for (let sent = false; ; sent = true) {
      const batch = !mine.signal.aborted && backoff.wait(now()) === 0 && queue.next(now());
      if (!batch) {
        // A page that is gone cannot wait.
        if (sent && !mine.signal.aborted) await sleep(settleMs);
        return;
      }
      const sending = transport.post(address(batch, now()), batch.body);
      current = { batch, sending };
      const answer = await sending.answer;
      current = undefined;
      if (!mine.signal.aborted) settle(batch, answer);
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      const mine = stopped;
      if (!mine) return;
      // A hidden page that lives on gets its answers; asking again before would only double what is under way.
      await Promise.all(leaving.values());
      if (!queue.isEmpty() && backoff.wait(now()) === 0) await lock(() => drain(mine), mine.signal);
    } while (again);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    due = Number.POSITIVE_INFINITY;
    again = true;
    if (running) return running;
    running = run()
      .catch(() => {})
      .then(() => {
        running = undefined;
        if (stopped && !queue.isEmpty()) wake(Math.max(backoff.wait(now()), lingerMs));
      });
    return running;
  }

  function wake(delay = 0): void {
    if (!stopped || now() + delay >= due) return;
    clearTimeout(timer);
    due = now() + delay;
    timer = attempt(() => setTimeout(() => void flush(), delay));
  }

  function hand(batch: Batch): boolean {
    const url = address(batch, now());
    const bytes = byteLength(batch.body);
    if (leavingBytes + bytes > exitBytes) return false;
    if (!transport.canKeepAlive()) {
      // Its answer is never seen: the events stay, and the next page sends the batch again under the same id.
      const taken = transport.beacon(url, batch.body);
      if (taken) leaving.set(batch.id, Promise.resolve());
      return taken;
    }
    leavingBytes += bytes;
    leaving.set(
      batch.id,
      transport.post(url, batch.body, true).answer.then((answer) => {
        leavingBytes -= bytes;
        leaving.delete(batch.id);
        // No answer says nothing about the server: the browser may have refused, for want of room.
        if (answer.status !== 0) settle(batch, answer);
      }),
    );
    return true;
  }

  return {
    wake,
    flush,
    exit(streamId) {
      if (backoff.waitAsked(now()) > 0) return;
      const taken = new Set(leaving.keys());
      if (current && stopped) taken.add(current.batch.id);
      for (;;) {
        const batch = queue.next(now(), exitBatchChars, streamId, taken);
        if (!batch || !hand(batch)) return;
        taken.add(batch.id);
      }
    },
    stop() {
      clearTimeout(timer);
      due = Number.POSITIVE_INFINITY;
      stopped?.abort();
      stopped = undefined;
      current?.sending.cancel();
    },
    resume() {
      if (!stopped) stopped = newAborter();
      leaving.clear();
      leavingBytes = 0;
      wake();
    },
  };
}

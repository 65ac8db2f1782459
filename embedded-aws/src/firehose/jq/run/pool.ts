import { defaultLimits, type JqLimits } from './limits.js';
import { startThread, type Thread } from './thread.js';
import type { Turn, TurnOutcome } from './turn.js';

/** Threads that run jq for several filters. */
export interface JqPool {
  readonly limits: JqLimits;
  /**
   * Runs a turn of a filter when it is that filter's turn: one of a filter at a time, and the filters by turns.
   * @throws when `signal` aborts, when the pool is closed, or when no thread can be started
   */
  run(filter: object, turn: Turn, signal?: AbortSignal): Promise<TurnOutcome>;
  /** Ends all threads at once; what runs or waits rejects. */
  close(): Promise<void>;
}

/** The options of `createJqPool`. */
export interface JqPoolOptions {
  limits?: Partial<JqLimits>;
  /** How many threads there are at most; 2. Each is started when it is needed. */
  threads?: number;
}

interface Waiting {
  turn: Turn;
  resolve: (outcome: TurnOutcome) => void;
  reject: (error: unknown) => void;
}

/** Starts nothing yet. */
export function createJqPool({ limits: given = {}, threads: most = 2 }: JqPoolOptions = {}): JqPool {
  const limits = { ...defaultLimits, ...given };
  /** By filter, in the order of their turns. */
  const waiting = new Map<object, Waiting[]>();
  const running = new Set<object>();
  const idle: Thread[] = [];
  const all = new Set<Promise<Thread>>();
  let closed = false;

  async function take(): Promise<Thread> {
    for (let free = idle.pop(); free; free = idle.pop()) if (!free.ended()) return free;
    const starting = startThread(limits);
    all.add(starting);
    try {
      const thread = await starting;
      void thread.done.then(() => all.delete(starting));
      return thread;
    } catch (error) {
      all.delete(starting);
      throw error;
    }
  }

  async function work(filter: object, { turn, resolve, reject }: Waiting): Promise<void> {
    running.add(filter);
    try {
      const thread = await take();
      const outcome = await thread.run(turn);
      if (!thread.ended()) idle.push(thread);
      if (closed) throw closedError();
      resolve(outcome);
    } catch (error) {
      reject(closed ? closedError() : error);
    } finally {
      running.delete(filter);
      next();
    }
  }

  function next(): void {
    for (const [filter, turns] of waiting) {
      if (running.size >= most) return;
      if (running.has(filter)) continue;
      const turn = turns.shift()!;
      // To the end of the row.
      waiting.delete(filter);
      if (turns.length > 0) waiting.set(filter, turns);
      void work(filter, turn);
    }
  }

  return {
    limits,
    async run(filter, turn, signal) {
      signal?.throwIfAborted();
      if (closed) throw closedError();
      let leave = () => {};
      const outcome = new Promise<TurnOutcome>((resolve, reject) => {
        const entry: Waiting = { turn, resolve, reject };
        waiting.set(filter, [...(waiting.get(filter) ?? []), entry]);
        leave = () => {
          const left = (waiting.get(filter) ?? []).filter((one) => one !== entry);
          if (left.length > 0) waiting.set(filter, left);
          else waiting.delete(filter);
          reject(signal!.reason);
        };
      });
      signal?.addEventListener('abort', leave, { once: true });
      next();
      return await outcome.finally(() => signal?.removeEventListener('abort', leave));
    },
    async close() {
      closed = true;
      for (const turns of waiting.values()) for (const { reject } of turns) reject(closedError());
      waiting.clear();
      await Promise.all([...all].map((thread) => thread.then(({ end }) => end()).catch(() => undefined)));
    },
  };
}

const closedError = () => new Error('jq is closed');

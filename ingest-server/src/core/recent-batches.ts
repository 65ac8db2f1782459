import type { Clock } from './clock.js';

export interface RecentBatches<Answer> {
  /**
   * The answer to a batch: `work`'s, or, when the same batch is being worked on or was answered a while ago, that one. A tracker sends a
   * batch again when it did not see the answer, above all after a page was left.
   */
  once(key: string, work: () => Promise<Answer>): Promise<{ answer: Answer; isRepeat: boolean }>;
}

export interface RecentBatchesOptions<Answer> {
  clock: Clock;
  maxBatches: number;
  maxAgeMs: number;
  /** Answers that are too large to remember; their batches are stored again, and recognised by `event_id` in the lake. */
  isSmall(answer: Answer): boolean;
}

/**
 * Remembers the batches that are safe, never one that is not: a batch whose work failed is forgotten at once, so that its next try is a
 * first one. One server's memory: a batch that comes again to another server, or after a restart, is stored twice, under the same ids.
 */
export function createRecentBatches<Answer>(options: RecentBatchesOptions<Answer>): RecentBatches<Answer> {
  const { clock, maxBatches, maxAgeMs, isSmall } = options;
  /** Oldest first: a Map keeps the order of insertion. */
  const batches = new Map<string, { at: number; answer: Promise<Answer> }>();

  function forgetOld(): void {
    const oldest = clock.now() - maxAgeMs;
    for (const [key, { at }] of batches) {
      if (at > oldest && batches.size <= maxBatches) return;
      batches.delete(key);
    }
  }

  return {
    async once(key, work) {
      forgetOld();
      const known = batches.get(key);
      if (known) return { answer: await known.answer, isRepeat: true };
      const entry = { at: clock.now(), answer: work() };
      batches.set(key, entry);
      const forget = () => {
        if (batches.get(key) === entry) batches.delete(key);
      };
      try {
        const answer = await entry.answer;
        if (!isSmall(answer)) forget();
        return { answer, isRepeat: false };
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

import type { Clock } from '@millrace/kit/clock';
import { createOrder, type InOrder } from '../order.js';

/** Batches that were answered within `maxAgeMs`, or are being worked on. */
export interface RecentBatches<Answer> {
  /**
   * The answer to a batch: that of `work`, or the earlier one if the same batch is being worked on or was answered. A
   * tracker repeats a batch whose answer it did not see, above all after its page was left.
   */
  once(key: string, work: () => Promise<Answer>, name: string): Promise<{ answer: Answer; isRepeat: boolean }>;
  /** Whether a batch of this name is safe; waits while it is being worked on. */
  knows(name: string): Promise<boolean>;
}

/** The bounds of what is remembered. */
export interface RecentBatchesOptions<Answer> {
  clock: Pick<Clock, 'monotonicMs'>;
  maxBatches: number;
  maxAgeMs: number;
  /** The most characters of all keys, names and answers together. */
  maxChars: number;
  /**
   * A longer answer is not remembered: if its batch comes again it is stored again, and the lake tells by `event_id`.
   */
  maxAnswerChars: number;
  charsOf(answer: Answer): number;
}

/**
 * Remembers batches that are safe, and only those: a batch whose work failed is forgotten at once, so that its next try
 * counts as the first. In one process's memory: a batch that comes again to another process, or after a restart, is
 * stored twice, under the same ids.
 */
export function createRecentBatches<Answer>(options: RecentBatchesOptions<Answer>): RecentBatches<Answer> {
  const { clock, maxBatches, maxAgeMs, maxChars, maxAnswerChars, charsOf } = options;
  type Entry = InOrder & { key: string; at: number; answer: Promise<Answer>; name: string; chars: number };
  const batches = new Map<string, Entry>();
  const ages = createOrder<Entry>();
  /** The latest batch of each name. */
  const named = new Map<string, Entry>();
  let chars = 0;

  function forget(entry: Entry): void {
    ages.remove(entry);
    chars -= entry.chars;
    entry.chars = 0;
    if (batches.get(entry.key) === entry) batches.delete(entry.key);
    if (named.get(entry.name) === entry) named.delete(entry.name);
  }

  function forgetOld(): void {
    const oldest = clock.monotonicMs() - maxAgeMs;
    for (let entry = ages.first(); entry !== undefined; entry = ages.first()) {
      if (entry.at > oldest && batches.size <= maxBatches && chars <= maxChars) return;
      forget(entry);
    }
  }

  function measure(entry: Entry, answer: Answer): void {
    const answerChars = charsOf(answer);
    if (answerChars > maxAnswerChars) forget(entry);
    // It may have been forgotten meanwhile.
    if (answerChars === 0 || batches.get(entry.key) !== entry) return;
    entry.chars += answerChars;
    chars += answerChars;
    forgetOld();
  }

  return {
    async knows(name) {
      forgetOld();
      try {
        return (await named.get(name)?.answer) !== undefined;
      } catch {
        return false;
      }
    },
    // Not async: the request that `work` refers to must not stay in memory until it is answered.
    once(key, work, name) {
      forgetOld();
      const known = batches.get(key);
      if (known) return known.answer.then((answer) => ({ answer, isRepeat: true }));
      const entry: Entry = {
        key,
        at: clock.monotonicMs(),
        answer: work(),
        name,
        chars: key.length + name.length,
        before: undefined,
        after: undefined,
      };
      ages.add(entry);
      chars += entry.chars;
      batches.set(key, entry);
      named.set(name, entry);
      return entry.answer.then(
        (answer) => {
          measure(entry, answer);
          return { answer, isRepeat: false };
        },
        (error) => {
          forget(entry);
          throw error;
        },
      );
    },
  };
}

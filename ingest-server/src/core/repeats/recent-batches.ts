import type { Clock } from '@millrace/kit/clock';
import { createOrder, type InOrder } from '../order.js';

export interface RecentBatches<Answer> {
  /**
   * The answer to a batch: `work`'s, or, when the same batch is being worked on or was answered a while ago, that one. A tracker sends a
   * batch again when it did not see the answer, above all after a page was left.
   */
  once(key: string, work: () => Promise<Answer>, name: string): Promise<{ answer: Answer; isRepeat: boolean }>;
  /** Whether a batch of this name is safe; waits for one that is being worked on. */
  knows(name: string): Promise<boolean>;
}

export interface RecentBatchesOptions<Answer> {
  clock: Pick<Clock, 'monotonicMs'>;
  maxBatches: number;
  maxAgeMs: number;
  /** What all that is remembered may have in characters: keys, names and answers. */
  maxChars: number;
  /** An answer with more is not remembered: its batch is stored again, and recognised by `event_id` in the lake. */
  maxAnswerChars: number;
  charsOf(answer: Answer): number;
}

/**
 * Remembers the batches that are safe, never one that is not: a batch whose work failed is forgotten at once, so that its next try is a
 * first one. One server's memory: a batch that comes again to another server, or after a restart, is stored twice, under the same ids.
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
    // While it was worked on it may have been forgotten.
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
    // Not async: what `work` holds of the request must not stay in memory until it is answered.
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

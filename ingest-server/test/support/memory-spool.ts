import type { Clock } from '@millrace/kit/clock';
import type { Chunk } from '../../src/core/chunk.js';
import { type Spool, SpoolError } from '../../src/core/delivery/spool.js';

/** The spool's contract without a disk, on a steered clock. `refuses` stands for a full disk. */
export function createMemorySpool(clock: Clock, options: { syncMs?: number; refuses?: () => boolean } = {}): Spool {
  const { syncMs = 3, refuses = () => false } = options;
  const entries: { chunk: Chunk; done: boolean }[] = [];
  const open = () => entries.filter(({ done }) => !done);
  let appends = Promise.resolve();
  return {
    leftOpen: undefined,
    settle: async () => {},
    newest: async () => [],
    append(chunks, settled) {
      appends = appends
        .then(() => new Promise<void>((resolve) => void clock.after(syncMs, resolve)))
        .then(() => {
          if (refuses()) return settled(new SpoolError('full', 'the spool is full'), []);
          settled(
            undefined,
            chunks.map((chunk) => entries.push({ chunk, done: false })),
          );
        });
    },
    async next({ after, wanted, maxEvents, maxBytes }) {
      await new Promise<void>((resolve) => void clock.after(1, resolve));
      let events = 0;
      let bytes = 0;
      const found = [];
      for (let position = after + 1; position <= entries.length; position++) {
        const { chunk, done } = entries[position - 1]!;
        if (done || !wanted(chunk.hash)) continue;
        events += chunk.events;
        bytes += chunk.data.length;
        if (found.length > 0 && (events > maxEvents || bytes > maxBytes)) break;
        found.push({ chunk, position });
      }
      return { found, damaged: 0 };
    },
    done(positions) {
      let marked = 0;
      for (const position of positions) {
        const entry = entries[position - 1]!;
        if (!entry.done) marked += 1;
        entry.done = true;
      }
      return marked;
    },
    forEach(visit) {
      for (const { chunk } of open()) visit(chunk.hash);
    },
    stats: () => ({
      bytes: 0,
      chunks: open().length,
      events: open().reduce((sum, { chunk }) => sum + chunk.events, 0),
      damaged: 0,
      setAsideEvents: 0,
      oldestMs: 0,
      failure: undefined,
      full: refuses(),
    }),
    asideBytes: async () => 0,
    close: async () => {},
  };
}

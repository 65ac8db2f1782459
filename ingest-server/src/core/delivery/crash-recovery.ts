import type { Clock } from '@millrace/kit/clock';
import type { ClaimedIds } from '../repeats/claimed-ids.js';
import { eventIdsOf, rowNamesOf } from '../repeats/event-ids.js';
import type { Sink, SinkError, TimeSpan } from './sink.js';
import type { Spool, SpooledChunk } from './spool.js';

export interface LeftOpenOptions {
  sink: Pick<Sink, 'read' | 'ranges'>;
  spool: Pick<Spool, 'leftOpen' | 'settle' | 'next' | 'newest'>;
  claimedIds: Pick<ClaimedIds, 'know'>;
  clock: Clock;
  /** Called once, with what of the spool the stream has already. Until then nothing may be put. */
  settled(found: readonly SpooledChunk[]): void;
  report?(found: CrashReport): void;
}

export interface CrashReport {
  /** Rows that the stream got around the crash. */
  events: number;
  /** Events of the spool that are among them. */
  spooledEvents: number;
  /** Why that could not be found out, if so. */
  error?: Error;
}

export interface LeftOpen {
  /** Resolves when it is settled, or stopped. */
  done: Promise<void>;
  /** Resolves when the stream could not be asked at the first try, or with `done`. */
  tried: Promise<void>;
  stop(): void;
}

/**
 * What was under way came in the last seconds before the end, or after it: a call ends within 10 s. The last sign of life is up to a second older than
 * the end, and the stream's clock is not quite ours.
 */
const beforeMs = 5_000;
const afterMs = 15_000;
/** Of the spool both ends are looked at: what was being put is among its oldest, and what was being appended the newest. */
const spoolBytes = 8 * 1024 * 1024;
/** Some 20 MB while it is looked for. */
const maxRows = 200_000;
const retryMs = 1_000;
/** So often a stream that answers may refuse to be read. */
const maxRefusals = 10;

/**
 * A process that is killed leaves two things open: events that the stream or the spool has and whose senders never heard of it, and chunks of
 * the spool that the stream has and that are not marked yet. The first come again, the second would be put again. Both can be told by what
 * the stream got in the last seconds, and the spool last.
 */
export function recoverFromCrash(options: LeftOpenOptions): LeftOpen {
  const { sink, spool, claimedIds, clock, settled, report } = options;
  let isStopped = false;
  let wasTried!: () => void;
  const tried = new Promise<void>((resolve) => {
    wasTried = resolve;
  });

  async function rowsInStream(span: TimeSpan): Promise<{ rows: Set<string>; error?: SinkError }> {
    for (let refusals = 0; ; ) {
      const rows = new Set<string>();
      try {
        await sink.read(span, (data) => {
          if (rows.size < maxRows) for (const name of rowNamesOf(data)) rows.add(name);
        });
        return { rows };
      } catch (thrown) {
        const error = thrown as SinkError;
        wasTried();
        // While the stream is out of reach nothing can be put either, so there is time.
        const isReachable = await sink.ranges().then(
          () => true,
          () => false,
        );
        if (isReachable) refusals += 1;
        const isFinal = error.kind === 'throttled' || error.code.startsWith('AccessDenied');
        if (isStopped || isFinal || refusals === maxRefusals) return { rows, error };
        await new Promise<void>((resolve) => void clock.after(retryMs, resolve));
      }
    }
  }

  /** Chunks of the spool all of whose rows the stream has. */
  async function chunksInStream(rows: ReadonlySet<string>): Promise<SpooledChunk[]> {
    if (rows.size === 0) return [];
    const oldest = await spool.next({ after: 0, wanted: () => true, maxEvents: Infinity, maxBytes: spoolBytes });
    const looked = new Map([...oldest.found, ...(await spool.newest(spoolBytes))].map((one) => [one.position, one]));
    return [...looked.values()].filter(({ chunk }) => {
      const its = rowNamesOf(chunk.data);
      return its.length > 0 && its.every((name) => rows.has(name));
    });
  }

  async function settle({ first, last }: NonNullable<Spool['leftOpen']>): Promise<void> {
    claimedIds.know((await spool.newest(spoolBytes)).flatMap(({ chunk }) => eventIdsOf(chunk.data)));
    const { rows, error } = await rowsInStream({ from: first - beforeMs, to: last + afterMs });
    if (isStopped) return;
    // The name of one that was quarantined is no event's id: it may come again, and be right.
    claimedIds.know(rows);
    const found = await chunksInStream(rows);
    if (isStopped) return;
    settled(found);
    await spool.settle();
    const spooledEvents = found.reduce((sum, { chunk }) => sum + chunk.events, 0);
    report?.({ events: rows.size, spooledEvents, ...(error === undefined ? {} : { error }) });
  }

  /** What cannot be found out comes twice, at worst; it must not keep everything else from being put. */
  async function settleOrGiveUp(leftOpen: NonNullable<Spool['leftOpen']>): Promise<void> {
    try {
      await settle(leftOpen);
    } catch (error) {
      if (isStopped) return;
      settled([]);
      report?.({ events: 0, spooledEvents: 0, error: error as Error });
    }
  }

  const done = spool.leftOpen === undefined ? Promise.resolve() : settleOrGiveUp(spool.leftOpen);
  void done.then(wasTried);
  return {
    done,
    tried,
    stop() {
      isStopped = true;
    },
  };
}

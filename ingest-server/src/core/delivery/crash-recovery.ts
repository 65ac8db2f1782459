import type { Clock } from '@millrace/kit/clock';
import type { ClaimedIds } from '../repeats/claimed-ids.js';
import { eventIdsOf, rowNamesOf } from '../repeats/event-ids.js';
import type { Sink, SinkError, TimeSpan } from './sink.js';
import type { Spool, SpooledChunk } from './spool.js';

/** The stream and the spool to compare, and who learns the result. */
export interface CrashRecoveryOptions {
  sink: Pick<Sink, 'read' | 'ranges'>;
  spool: Pick<Spool, 'leftOpen' | 'settle' | 'next' | 'newest'>;
  claimedIds: Pick<ClaimedIds, 'know'>;
  clock: Clock;
  /** Called once, with the spool's chunks that the stream already has. Until then nothing may be put. */
  settled(found: readonly SpooledChunk[]): void;
  report?(found: CrashReport): void;
}

/** What crash recovery found. */
export interface CrashReport {
  /** Rows that the stream got around the crash. */
  events: number;
  /** Events of the spool that are among them. */
  spooledEvents: number;
  /** Why that could not be found out, if so. */
  error?: Error;
}

/** A running crash recovery. */
export interface CrashRecovery {
  /** Resolves when it is done, or stopped. */
  done: Promise<void>;
  /** Resolves when the first try to read the stream failed, or with `done`. */
  tried: Promise<void>;
  stop(): void;
}

/**
 * The time around the last sign of life in which calls in flight can have reached the stream: a call ends within 10 s,
 * the crash is up to a second later than the sign, and the stream's clock is not quite ours.
 */
const beforeMs = 5_000;
const afterMs = 15_000;
/** Bytes of the spool to read at each end: chunks in flight are among the oldest, half-answered ones the newest. */
const spoolBytes = 8 * 1024 * 1024;
/** The most rows of the stream to remember: some 20 MB during recovery. */
const maxRows = 200_000;
const retryMs = 1_000;
/** How often a reachable stream may refuse to be read. */
const maxRefusals = 10;

/**
 * A killed process leaves two things open: events in the stream or the spool whose senders got no answer and send them
 * again, and chunks in the spool that the stream has, but that are not marked yet, and would be put again. Recovery
 * finds both by what the stream got around the crash, and by the newest of the spool.
 */
export function recoverFromCrash(options: CrashRecoveryOptions): CrashRecovery {
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
        // While the stream is out of reach nothing can be put either, so there is no hurry.
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

  /** The spool's chunks all of whose rows the stream has. */
  async function chunksInStream(rows: ReadonlySet<string>): Promise<SpooledChunk[]> {
    if (rows.size === 0) return [];
    const oldest = await spool.next({ after: 0, wanted: () => true, maxEvents: Infinity, maxBytes: spoolBytes });
    const looked = new Map([...oldest.found, ...(await spool.newest(spoolBytes))].map((one) => [one.position, one]));
    return [...looked.values()].filter(({ chunk }) => {
      const its = rowNamesOf(chunk.data);
      return its.length > 0 && its.every((name) => rows.has(name));
    });
  }

  async function recover({ first, last }: NonNullable<Spool['leftOpen']>): Promise<void> {
    claimedIds.know((await spool.newest(spoolBytes)).flatMap(({ chunk }) => eventIdsOf(chunk.data)));
    const { rows, error } = await rowsInStream({ from: first - beforeMs, to: last + afterMs });
    if (isStopped) return;
    // The name of a quarantined row is not an event's id: the event may come again, and be right.
    claimedIds.know(rows);
    const found = await chunksInStream(rows);
    if (isStopped) return;
    settled(found);
    await spool.settle();
    const spooledEvents = found.reduce((sum, { chunk }) => sum + chunk.events, 0);
    report?.({ events: rows.size, spooledEvents, ...(error === undefined ? {} : { error }) });
  }

  /** A failure costs events that come twice, at worst; it must not keep the rest from being put. */
  async function recoverOrGiveUp(leftOpen: NonNullable<Spool['leftOpen']>): Promise<void> {
    try {
      await recover(leftOpen);
    } catch (error) {
      if (isStopped) return;
      settled([]);
      report?.({ events: 0, spooledEvents: 0, error: error as Error });
    }
  }

  const done = spool.leftOpen === undefined ? Promise.resolve() : recoverOrGiveUp(spool.leftOpen);
  void done.then(wasTried);
  return {
    done,
    tried,
    stop() {
      isStopped = true;
    },
  };
}

import type { Lake, LakeWarnings } from './lake.js';

/** A lake whose objects this process can read, so that it can also prove what was lost. */
export interface AuditableLake extends Lake {
  /** Reads every object, and reports what is missing, duplicated, late or out of order. */
  audit(options?: AuditOptions): Promise<AuditReport>;
}

/** What to audit. */
export interface AuditOptions {
  /** An event is late when it was received more than this many milliseconds after it happened; 60,000. */
  lateMs?: number;
  /** How many streams `worst` names at most; 10. */
  worst?: number;
  /** An object whose gzip length or checksum does not fit is damaged; true. */
  checksums?: boolean;
  /**
   * Milliseconds since 1970: only streams with an event received then or later. A stream counts whole. Where no server
   * received an event, the time at which it happened counts.
   */
  since?: number | undefined;
  /** Milliseconds since 1970: only streams with an event received before then. */
  until?: number | undefined;
  /**
   * Events and their row of the ledger come in objects of their own, one up to this many milliseconds after the other;
   * 120,000, twice Firehose's buffer. What is not there of objects written since then is under way, not lost.
   */
  settleMs?: number;
  /** Only streams with an event on this page; a stream counts whole. */
  page?: string | undefined;
  /** Only streams with an event of this site; a stream counts whole. */
  site?: string | undefined;
  /**
   * A folder for what the audit found in each object, so that the next one reads only what is new or changed, by size
   * and times. It takes about 80 bytes an event. Without one, every object is read.
   */
  cache?: string | undefined;
  /** Threads that read objects; one a core. A small lake is read on the caller's. */
  threads?: number;
  signal?: AbortSignal;
}

/** What the lake, read alone, says about what was lost on the way. docs/guarantees.md has the rule of each number. */
export interface AuditReport extends LakeWarnings {
  /**
   * - `complete`: everything that a server acknowledged is there; without a ledger, every stream is gap-free.
   * - `lost`: something that a server acknowledged is not; without a ledger, a stream has gaps.
   * - `cannot_say`: rows of the ledger are missing, or objects cannot be read to their end.
   * - `nothing`: there is no event.
   */
  verdict: 'complete' | 'lost' | 'cannot_say' | 'nothing';
  /** The verdict is `complete`. */
  ok: boolean;
  objects: number;
  /** Objects that were not read again: they are as they were when an earlier audit read and checked them. */
  unchanged: number;
  /** Rows as delivered. */
  rows: number;
  /** Different events: rows without their copies. */
  events: number;
  /** Positions of which the lake has no event, whoever says that there was one. */
  missing: number;
  /**
   * Events that the ledger names and nothing has: no event of the lake, the quarantine or an error object. Null without
   * a ledger.
   */
  lost_by_us: number | null;
  /** Missing positions that no server acknowledged: a page says that they existed. At most 10,000 a claim. */
  never_acknowledged: number;
  /** Claims of more than 10,000 missing events in a row. What they say is not counted. */
  implausible: number;
  ledger: LedgerReport;
  /**
   * Events that no row of the ledger names: put straight into the stream, or received before there was a ledger, or
   * by a server before 0.2.0; and what is missing by their numbers.
   */
  without_ledger: { events: number; missing: number };
  /**
   * Events that a server received while there was a ledger, and that no row names: a row is missing. Where named events
   * bear their site, one without is none of them.
   */
  unexplained: number;
  /**
   * What may not be delivered yet, in objects written within `settleMs`: events without their row of the ledger, events
   * of a row that are not there, and rows. It decides nothing.
   */
  under_way: { unnamed: number; undelivered: number; ledger_rows: number };
  /** Positions whose event was refused or could not be delivered, and is kept there. They are not missing. */
  held: {
    quarantine: number;
    errors: number;
    /** By the code of the refusal, and by the kind of error object. */
    causes: { quarantine: Record<string, number>; errors: Record<string, number> };
  };
  /**
   * What trackers say they dropped, by reason: the property `tracker_dropped`. The page's word, at most 10,000 at a
   * time. It was dropped before it had a number.
   */
  tracker_dropped: Record<string, number>;
  /**
   * Copies beyond the first: the same event_id, stream and position. `across_partitions`: events in more than one
   * partition, which `events` shows more than once.
   */
  duplicates: { rows: number; across_partitions: number };
  /** Events that claim a position that another event has. */
  conflicts: number;
  out_of_order: number;
  late: {
    threshold_ms: number;
    events: number;
    /** Events that have both times. */
    timed: number;
    p50_ms: number | null;
    p99_ms: number | null;
    max_ms: number | null;
  };
  /**
   * Events without stream_id or seq, which cannot be audited: something other than the SDK put them into the stream.
   */
  unnumbered: number;
  /** Rows with a value that does not fit its column; it is NULL there. */
  misfits: number;
  streams: { total: number; gap_free: number; tail_unknown: number };
  /** The times of which nobody can say whether something is lost, and why; 100 at most. */
  doubts: Doubt[];
  worst: StreamReport[];
  /** By the hour in which events were received, or happened where no server received them; null without a time. */
  by_hour: ({ hour: string | null } & PartReport)[];
  /** By what made the events, as `millrace-js/1.0.0`; those with the most events. */
  by_sdk: ({ sdk: string | null } & PartReport)[];
}

/** Counts of a part of the events. A lost event has an hour, that of its row in the ledger, and no version. */
export interface PartReport {
  events: number;
  late: number;
  lost_by_us: number;
  never_acknowledged: number;
  unexplained: number;
}

/** A time of which nobody can say whether something is lost. */
export interface Doubt {
  /** Null when it has no known beginning or end: then the whole lake is in doubt. */
  from: string | null;
  to: string | null;
  /**
   * - `missing_rows` of the ledger, between the rows before and after.
   * - `unreadable_rows` of the ledger.
   * - `unexplained` events, which no row names.
   * - `damaged` objects.
   */
  why: 'missing_rows' | 'unreadable_rows' | 'unexplained' | 'damaged';
  /** Of those rows, events or objects. */
  count: number;
}

/** What there is of the ledger. */
export interface LedgerReport {
  /** Different rows. */
  rows: number;
  /** What numbers rows: queues of runs of ingest servers. */
  servers: number;
  /** Events that they name. */
  acknowledged: number;
  /** The times of the first and the last row. */
  from: string | null;
  to: string | null;
  /** Rows that are missing by number. What they named is not known. */
  missing_rows: number;
  /** Rows that no server wrote so. */
  unreadable_rows: number;
  /** The first runs of missing rows, with the times of the rows around them. */
  gaps: { server: string; first: number; last: number; after: string | null; before: string | null }[];
}

/** A stream in which something is wrong. */
export interface StreamReport {
  stream_id: string;
  /** How many different events of it the lake has. */
  events: number;
  /** Positions that are in the quarantine or in an error object instead. */
  held: number;
  /** The highest known position, from its own events or from the visitor's next stream. */
  last_seq: number;
  missing: number;
  lost_by_us: number;
  never_acknowledged: number;
  /** The first runs of positions at which an event was lost by us, both ends included. */
  lost: { first: number; last: number }[];
  /** The first runs of missing positions, both ends included. */
  gaps: { first: number; last: number }[];
  out_of_order: number;
  /** Events that claim a position that another event has: its numbering was used twice. */
  conflicts: number;
  /** `known` when the visitor's next stream says how far it got. Otherwise nobody can know whether more followed. */
  tail: 'known' | 'unknown';
}

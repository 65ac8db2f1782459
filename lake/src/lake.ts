import type { JsonValue } from '@millrace/sdk/schema';

/** Answers queries: the lake here, the lake on AWS, or a prefix of a bucket through S3 Select. */
export interface QueryEngine {
  /**
   * Answers with at most `maxRows` rows (10,000).
   * @throws MillraceError with a `QueryErrorCode`
   */
  query(sql: string, options?: QueryOptions & { maxRows?: number }): Promise<QueryResult>;
  /**
   * Hands over all rows, however many, a batch at a time, and waits for `onRows` between two batches.
   * @throws MillraceError with a `QueryErrorCode`, and what `onRows` throws
   */
  queryEach(
    sql: string,
    onRows: (rows: JsonValue[][], head: QueryHead) => void | Promise<void>,
    options?: QueryOptions,
  ): Promise<QueryHead>;
  /** Waits for what is running. */
  close(): Promise<void>;
}

/**
 * SQL over the delivered objects, as they are at the moment of the query. A query can name:
 *
 * - `events`: one row per event, without the quarantine. Copies, which exist only after failures, are removed within a
 *   page and event: rows with the same `event_id`, `stream_id` and `seq`. Rows without stream and number are copies by
 *   `event_id`. That takes three to four times the CPU time of `events_raw`, measured on a million events.
 * - `events_raw`: every delivered row, copies included, with the `object` that holds it.
 * - `quarantine`: `event_id, code, reason, raw, received_at, site, is_bot, object`.
 * - `errors`: what Firehose could not deliver, with `raw` decoded.
 * - `ledger`: what the servers acknowledged.
 *
 * Times are TIMESTAMP in UTC.
 */
export interface Lake extends QueryEngine {
  /**
   * One entry per page and event, sorted by both. With a filter, those that have such a row.
   * @throws MillraceError with a `QueryErrorCode`
   */
  list(filter?: EventFilter): Promise<PartitionSummary[]>;
}

/** Which rows of `events`, `events_raw` and `quarantine` there are. S3 Select knows no filter. */
export interface EventFilter {
  /**
   * Only those of this site. Rows without a site, which are older than the column or were put straight into the stream,
   * are of none.
   */
  site?: string | undefined;
  /** False leaves out those that a bot sent. Rows that do not say stay. */
  bots?: boolean | undefined;
}

/** When to stop a query, and what it sees. */
export interface QueryOptions extends EventFilter {
  /** Milliseconds until the query is stopped; 120,000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A column of an answer. */
export interface QueryColumn {
  name: string;
  /** DuckDB's name, upper case: BIGINT, TIMESTAMP, VARCHAR[] … */
  type: string;
}

/** What one reading of the lake could not read. */
export interface LakeWarnings {
  damaged: DamagedObject[];
  /** Keys that the lake does not know how to read, each with the reason: no answer has their contents. */
  strange: { key: string; reason: string }[];
}

/** An object that cannot be read to its end. Every answer still has the lines of it that can be read. */
export interface DamagedObject {
  key: string;
  /** What is wrong with it, and where. */
  message: string;
  /** How many of its lines are not JSON objects; null when nothing of it can be read. */
  unreadableLines: number | null;
}

/** Files in a lake's folder that are no part of a lake. */
export interface PassedOver {
  count: number;
  /** The first keys. */
  some: string[];
}

/** What an answer was found in. */
export interface Looked {
  /** The lake's folder. */
  folder: string;
  /** Objects that can be read, at least in part: without one, the answer says nothing. */
  objects: number;
  passedOver: PassedOver;
}

/** An answer without its rows. */
export interface QueryHead extends LakeWarnings {
  columns: QueryColumn[];
  /** Absent where the lake does not list its objects itself: Athena and S3 Select. */
  looked?: Looked;
}

/** An answer with its rows. */
export interface QueryResult extends QueryHead {
  /** A row has a value per column, as JSON has it: times as RFC 3339, whole numbers past 2^53 as text. */
  rows: JsonValue[][];
  /** There were more rows than `maxRows`. */
  truncated: boolean;
}

/** One page and event, as delivered. */
export interface PartitionSummary {
  page: string;
  event: string;
  /** What its rows are: `_quarantine` and `_ledger` hold no events. */
  kind: 'events' | 'quarantine' | 'ledger';
  /** Objects of all sites, whatever the filter. */
  objects: number;
  /** Rows as delivered: copies are counted. */
  rows: number;
  /** The same, where rows are events; else 0. */
  events: number;
  /** As stored: compressed; of all objects. */
  bytes: number;
  /** When the newest row was received, or happened where no server received it, RFC 3339; null when none has a time. */
  newest: string | null;
  /** Keys of the objects that cannot be read to their end: `rows` lacks their unreadable lines. */
  damaged: string[];
}

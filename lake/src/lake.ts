import type { JsonValue } from '@millrace/sdk/schema';
import { type AuditOptions, type AuditReport, audit } from './audit.js';
import { defaultLimits, type EngineLimits } from './engine.js';
import { type QueryHead, type QueryOptions, type QueryResult, runQuery, runQueryEach } from './query.js';
import { type Reading, readLake } from './reading.js';
import { type PartitionSummary, summarise } from './summary.js';

export type { AuditOptions, AuditReport, StreamReport } from './audit.js';
export type { DamagedObject } from './damage.js';
export type { QueryColumn, QueryHead, QueryOptions, QueryResult } from './query.js';
export { QueryError } from './query-error.js';
export type { LakeWarnings } from './reading.js';
export type { PartitionSummary } from './summary.js';

/**
 * SQL over the delivered objects, always as they are at the moment of asking. What people can name:
 *
 * - `events`: one row per event, without the quarantine. Copies, which exist only after failures, are removed by event_id within a page
 *   and event; that costs a third more time than `events_raw`, measured on a million events.
 * - `events_raw`: every delivered row, copies included, with the `object` it lies in.
 * - `quarantine`: `event_id, code, reason, raw, received_at, object`.
 * - `errors`: what Firehose could not deliver, `raw` decoded.
 *
 * Times are TIMESTAMP in UTC. One piece of work at a time, each in a DuckDB of its own that can read the lake's folder and nothing else.
 */
export interface Lake {
  /**
   * @throws QueryError when the SQL is refused, wrong, or takes more than it may.
   */
  query(sql: string, options?: QueryOptions & { maxRows?: number }): Promise<QueryResult>;
  /** All rows, however many, a batch at a time. */
  queryEach(
    sql: string,
    onRows: (rows: JsonValue[][], head: QueryHead) => void | Promise<void>,
    options?: QueryOptions,
  ): Promise<QueryHead>;
  list(): Promise<PartitionSummary[]>;
  audit(options?: AuditOptions): Promise<AuditReport>;
  /** Waits for what is running. */
  close(): Promise<void>;
}

export interface OpenLakeOptions {
  /** The bucket's directory. It need not exist yet: then the lake is empty. */
  folder: string;
  limits?: Partial<EngineLimits>;
}

const defaultMaxRows = 10_000;

export async function openLake({ folder, limits }: OpenLakeOptions): Promise<Lake> {
  const bounds = { ...defaultLimits, ...limits };
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** One after the other, so that many callers take no more of the machine than one. */
  const inTurn = <Answer>(work: (reading: Reading) => Promise<Answer>): Promise<Answer> => {
    if (closed) return Promise.reject(new Error('the lake is closed'));
    const answer = last.then(() => readLake(folder, bounds, work));
    last = answer.catch(() => undefined);
    return answer;
  };

  return {
    query: (sql, { maxRows = defaultMaxRows, ...options } = {}) =>
      inTurn((reading) => runQuery(reading, sql, maxRows, options)),
    queryEach: (sql, onRows, options = {}) => inTurn((reading) => runQueryEach(reading, sql, onRows, options)),
    list: () => inTurn(summarise),
    audit: (options) => inTurn((reading) => audit(reading, options)),
    async close() {
      closed = true;
      await last;
    },
  };
}

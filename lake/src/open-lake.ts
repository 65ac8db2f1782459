import { auditLake } from './audit/audit-lake.js';
import type { AuditableLake } from './audit-report.js';
import { defaultLimits, type EngineLimits } from './duckdb/open-engine.js';
import { type LakeReading, readLake } from './duckdb/read-lake.js';
import type { EventFilter } from './lake.js';
import type { ObjectCheck } from './object-check.js';
import { isFilter, withSuchRows } from './partition-summaries.js';

/** A lake on this machine. */
export interface OpenLakeOptions {
  /** The bucket's folder. While it does not exist, the lake is empty. */
  folder: string;
  /** What one query may take of the machine: 1,024 MB of memory, 10,240 MB of temporary files, 2 threads. */
  limits?: Partial<EngineLimits>;
  /**
   * Looks at an object's bytes before they are read. DuckDB checks neither gzip's checksum nor anything of Parquet and
   * plain lines: a flipped bit is another value to it.
   */
  check?: ObjectCheck;
}

const defaultMaxRows = 10_000;

/**
 * Opens the lake in a folder of this machine. One query runs at a time, in a DuckDB of its own that can read the lake's
 * folder and nothing else. Reads nothing before the first query.
 */
export async function openLake({ folder, limits, check }: OpenLakeOptions): Promise<AuditableLake> {
  const bounds = { ...defaultLimits, ...limits };
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** One after the other, so that many callers take no more of the machine than one. */
  const inTurn = <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (closed) return Promise.reject(new Error('the lake is closed'));
    const answer = last.then(work);
    last = answer.catch(() => undefined);
    return answer;
  };
  const read = <Answer>(filter: EventFilter, work: (reading: LakeReading) => Promise<Answer>) =>
    inTurn(() =>
      readLake({ folder, limits: bounds, check }, async (reading) => {
        const { setFilter } = await import('./duckdb/event-filter.js');
        await setFilter(reading.engine.connection, filter);
        return work(reading);
      }),
    );

  // Loaded when they run, because they load DuckDB, which an audit does without.
  const queries = () => import('./duckdb/run-query.js');
  const partitions = () => import('./duckdb/list-partitions.js');
  return {
    query: (sql, { maxRows = defaultMaxRows, ...options } = {}) =>
      read(options, async (reading) => (await queries()).runQuery(reading, sql, maxRows, options)),
    queryEach: (sql, onRows, options = {}) =>
      read(options, async (reading) => (await queries()).runQueryEach(reading, sql, onRows, options)),
    async list(filter = {}) {
      const all = await read(filter, async (reading) => (await partitions()).listPartitions(reading));
      return isFilter(filter) ? withSuchRows(all) : all;
    },
    audit: (options) => inTurn(() => auditLake({ folder, limits: bounds, check }, options)),
    async close() {
      closed = true;
      await last;
    },
  };
}

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { JsonValue } from '@millrace/sdk/schema';
import type { EventFilter, QueryColumn, QueryEngine } from '../lake.js';
import { isFilter } from '../partition-summaries.js';
import { queryError } from '../query-error.js';
import type { Row } from './select-object.js';
import { type SelectOptions, type SelectSummary, selectObjects } from './select-objects.js';

export { isAggregate } from './select-objects.js';

/** Which objects to query. */
export interface SelectLakeOptions extends Pick<SelectOptions, 'bucket' | 'prefix'> {
  s3Config?: S3ClientConfig;
  /** Called after each query with what it scanned. */
  onSummary?(summary: SelectSummary): void;
}

const noWarnings = { damaged: [], strange: [] };

function typeOf(value: JsonValue | undefined): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'BIGINT' : 'DOUBLE';
  if (typeof value === 'boolean') return 'BOOLEAN';
  return typeof value === 'object' && value !== null ? 'JSON' : 'VARCHAR';
}

/** S3 Select names no columns: they are those of the rows, in the order in which they first appear. */
function tabled(rows: Row[]): { columns: QueryColumn[]; values: JsonValue[][] } {
  const types = new Map<string, string>();
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) if (!types.has(name)) types.set(name, typeOf(value));
  const names = [...types.keys()];
  return {
    columns: names.map((name) => ({ name, type: types.get(name)! })),
    values: rows.map((row) => names.map((name) => row[name] ?? null)),
  };
}

function refuseFilter(filter: EventFilter): void {
  if (isFilter(filter))
    throw queryError('QUERY_REFUSED', "S3 Select knows no filter by site or bots: write where s.site = 'shop'");
}

/** Answers S3 Select's SQL over the objects under a prefix: `select * from s3object s limit 5`. */
export function openSelectLake(options: SelectLakeOptions): QueryEngine {
  const { bucket, prefix, onSummary } = options;
  const s3 = new S3Client({ ...options.s3Config });
  const ask = async (
    sql: string,
    timeoutMs: number | undefined,
    onRows: (rows: Row[]) => void | Promise<void>,
  ): Promise<void> => {
    const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    try {
      const summary = await selectObjects({ s3, bucket, prefix, signal }, sql, onRows);
      onSummary?.(summary);
    } catch (error) {
      if (signal?.aborted) throw queryError('QUERY_STOPPED', `the query timed out after ${timeoutMs! / 1000} s`);
      throw error;
    }
  };
  return {
    async query(sql, { maxRows = 10_000, timeoutMs, ...filter } = {}) {
      refuseFilter(filter);
      const rows: Row[] = [];
      let truncated = false;
      await ask(sql, timeoutMs, (more) => {
        truncated ||= rows.length + more.length > maxRows;
        rows.push(...more.slice(0, maxRows - rows.length));
      });
      const { columns, values } = tabled(rows);
      return { ...noWarnings, columns, rows: values, truncated };
    },
    async queryEach(sql, onRows, { timeoutMs, ...filter } = {}) {
      refuseFilter(filter);
      let columns: QueryColumn[] = [];
      await ask(sql, timeoutMs, async (rows) => {
        const table = tabled(rows);
        columns = table.columns;
        await onRows(table.values, { ...noWarnings, columns });
      });
      return { ...noWarnings, columns };
    },
    async close() {
      s3.destroy();
    },
  };
}

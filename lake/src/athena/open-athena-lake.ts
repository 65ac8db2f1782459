import type { JsonValue } from '@millrace/sdk/schema';
import type { Lake } from '../lake.js';
import { type Athena, type AthenaHead, type AthenaOptions, openAthena } from './athena-client.js';
import { type LakeBucket, listPartitions } from './list-partitions.js';

/** A lake on AWS. */
export interface AthenaLakeOptions extends AthenaOptions, LakeBucket {
  /** Called after each query with what it cost. */
  onCost?(head: Pick<AthenaHead, 'bytesScanned' | 'dollars'>): void;
}

/** Athena reports no damaged objects: its SerDe skips lines that are not JSON. */
const noWarnings = { damaged: [], strange: [] };

/** Opens the lake on AWS: Athena answers queries, S3 lists the objects. */
export function openAthenaLake(options: AthenaLakeOptions): Lake {
  const athena = openAthena(options);
  const ask: Athena['queryEach'] = async (sql, onRows, limits) => {
    const head = await athena.queryEach(sql, onRows, limits);
    options.onCost?.(head);
    return head;
  };
  return {
    async query(sql, { maxRows = 10_000, ...limits } = {}) {
      const rows: JsonValue[][] = [];
      let truncated = false;
      const head = await ask(
        sql,
        (page) => {
          const room = maxRows - rows.length;
          truncated ||= page.length > room;
          rows.push(...page.slice(0, room));
        },
        limits,
      );
      return { ...noWarnings, columns: head.columns, rows, truncated };
    },
    async queryEach(sql, onRows, limits) {
      const head = await ask(sql, (rows, { columns }) => onRows(rows, { ...noWarnings, columns }), limits);
      return { ...noWarnings, columns: head.columns };
    },
    list: (filter = {}) => listPartitions(ask, options, filter),
    async close() {
      athena.close();
    },
  };
}

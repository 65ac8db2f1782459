import { setTimeout as delay } from 'node:timers/promises';
import {
  AthenaClient,
  type AthenaClientConfig,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { JsonValue } from '@millrace/sdk/schema';
import type { QueryColumn, QueryOptions } from '../lake.js';
import { queryError } from '../query-error.js';
import { callError } from './call-error.js';
import { queryPrice } from './price.js';
import { plainValue } from './values.js';
import { type AthenaTables, withViews } from './views.js';

/** The lake's tables, and how to query them. */
export interface AthenaOptions extends AthenaTables {
  workGroup: string;
  /** Athena's price of a TB (10^12 bytes) scanned. */
  dollarsPerTB: number;
  clientConfig?: AthenaClientConfig;
  /** How long to wait between two calls that ask whether a query has ended; 500. */
  pauseMs?: number;
}

/** What a query gave, but its rows, and what Athena bills for it. */
export interface AthenaHead {
  columns: QueryColumn[];
  bytesScanned: number;
  /** At `dollarsPerTB`. */
  dollars: number;
}

/** SQL through Athena. */
export interface Athena {
  /**
   * Hands over all rows, a page of Athena's answer at a time, as DuckDB would give them.
   * @throws MillraceError with a `QueryErrorCode`
   */
  queryEach(
    sql: string,
    onRows: (rows: JsonValue[][], head: AthenaHead) => void | Promise<void>,
    options?: QueryOptions,
  ): Promise<AthenaHead>;
  close(): void;
}

/** SQL through Athena's API. Names and types are those of the lake with DuckDB. */
export function openAthena(options: AthenaOptions): Athena {
  const client = new AthenaClient({ maxAttempts: 6, ...options.clientConfig });
  return {
    async queryEach(sql, onRows, { timeoutMs = 120_000, signal, ...filter } = {}) {
      const id = await start(client, withViews(sql, options, filter), options);
      const limits = { deadline: performance.now() + timeoutMs, timeoutMs, signal, pauseMs: options.pauseMs ?? 500 };
      const execution = await waitForEnd(client, id, limits);
      const bytesScanned = execution.Statistics?.DataScannedInBytes ?? 0;
      const head: AthenaHead = { columns: [], bytesScanned, dollars: queryPrice(bytesScanned, options.dollarsPerTB) };
      for await (const { columns, rows } of resultPages(client, id)) {
        head.columns = columns;
        await onRows(rows, head);
      }
      return head;
    },
    close: () => client.destroy(),
  };
}

/** Makes AWS's error ours. */
const call = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  answer.catch((error: unknown) => {
    throw callError('Athena', error);
  });

async function start(client: AthenaClient, sql: string, { database, workGroup }: AthenaOptions): Promise<string> {
  const { QueryExecutionId } = await call(
    client.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        QueryExecutionContext: { Database: database },
        WorkGroup: workGroup,
      }),
    ),
  );
  return QueryExecutionId!;
}

interface WaitLimits {
  /** On the clock of `performance.now()`. */
  deadline: number;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  pauseMs: number;
}

/** Waits until the query has succeeded. Stops it at Athena when the time is up or the caller aborts. */
async function waitForEnd(client: AthenaClient, id: string, limits: WaitLimits): Promise<QueryExecution> {
  const { deadline, timeoutMs, signal, pauseMs } = limits;
  for (;;) {
    const { QueryExecution } = await call(client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })));
    const state = QueryExecution?.Status?.State;
    if (state === 'SUCCEEDED') return QueryExecution!;
    if (state === 'FAILED' || state === 'CANCELLED') {
      const reason = QueryExecution?.Status?.StateChangeReason ?? `Athena reports the query as ${state}`;
      throw queryError('QUERY_FAILED', reason);
    }
    if (performance.now() > deadline || signal?.aborted) {
      await call(client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })));
      const why = signal?.aborted ? 'the query was stopped' : `the query timed out after ${timeoutMs / 1000} s`;
      throw queryError('QUERY_STOPPED', why);
    }
    await delay(pauseMs);
  }
}

async function* resultPages(
  client: AthenaClient,
  id: string,
): AsyncGenerator<{ columns: QueryColumn[]; rows: JsonValue[][] }> {
  let NextToken: string | undefined;
  let isFirst = true;
  do {
    const page = await call(
      client.send(new GetQueryResultsCommand({ QueryExecutionId: id, ...(NextToken ? { NextToken } : {}) })),
    );
    const info = page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
    const columns = info.map(({ Name, Type }) => ({ name: Name!, type: (Type ?? 'varchar').toUpperCase() }));
    const rows = (page.ResultSet?.Rows ?? []).map(({ Data = [] }) =>
      Data.map(({ VarCharValue }, at) => plainValue(VarCharValue, info[at]?.Type, info[at]?.Name)),
    );
    // The first row of the first page holds the columns' names.
    yield { columns, rows: isFirst ? rows.slice(1) : rows };
    isFirst = false;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
}

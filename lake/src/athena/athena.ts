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
import { plainValue } from './values.js';
import { type AthenaTables, withViews } from './views.js';

/** A query that Athena did not answer: shown without a stack, as DuckDB's are. */
export class AthenaError extends Error {
  override readonly name = 'QueryError';
}

export interface AthenaOptions extends AthenaTables {
  workGroup: string;
  /** Athena's price of a TB (10^12 bytes) scanned. */
  dollarsPerTB: number;
  clientConfig?: AthenaClientConfig;
  /** Between two looks at a query that runs. */
  pauseMs?: number;
}

export interface AthenaColumn {
  name: string;
  /** Upper case, as DuckDB's: BIGINT, VARCHAR, TIMESTAMP. */
  type: string;
}

export interface AthenaHead {
  columns: AthenaColumn[];
  bytesScanned: number;
  /** At $5 a TB, a MB at least and 10 MB a query. */
  dollars: number;
}

export interface Athena {
  queryEach(
    sql: string,
    onRows: (rows: JsonValue[][], head: AthenaHead) => void | Promise<void>,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<AthenaHead>;
  close(): Promise<void>;
}

const megabyte = 1_000_000;

/** What Athena bills for a query: each MB that is begun, and ten at least. */
export function queryPrice(bytesScanned: number, dollarsPerTB: number): number {
  const billed = Math.max(10, Math.ceil(bytesScanned / megabyte)) * megabyte;
  return (billed / 1e12) * dollarsPerTB;
}

/** What AWS says of a call that it does not carry out, or why it cannot be asked. */
export function refusal(service: string, error: unknown): AthenaError {
  if (error instanceof AthenaError) return error;
  const { name, message, code } = error as Error & { code?: string };
  if (name === 'InvalidRequestException') return new AthenaError(message);
  if (name === 'CredentialsProviderError')
    return new AthenaError(
      `${service} is not asked without credentials (${message}): aws configure sso, AWS_PROFILE, or AWS_ACCESS_KEY_ID`,
    );
  if (/Region is missing/.test(message)) return new AthenaError('which region? Set AWS_REGION');
  return new AthenaError(`${service} refuses: ${code ?? name}: ${message}`);
}

/** SQL over the lake through Athena, with the names and the types that it has here. */
export function openAthena(options: AthenaOptions): Athena {
  const client = new AthenaClient({ maxAttempts: 6, ...options.clientConfig });
  const asked = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
    answer.catch((error: unknown) => {
      throw refusal('Athena', error);
    });
  const { database, workGroup, pauseMs = 500 } = options;

  async function finished(id: string, deadline: number, signal: AbortSignal | undefined): Promise<QueryExecution> {
    for (;;) {
      const { QueryExecution } = await asked(client.send(new GetQueryExecutionCommand({ QueryExecutionId: id })));
      const state = QueryExecution?.Status?.State;
      if (state === 'SUCCEEDED') return QueryExecution!;
      if (state === 'FAILED' || state === 'CANCELLED') {
        throw new AthenaError(QueryExecution?.Status?.StateChangeReason ?? `Athena ${state.toLowerCase()} the query`);
      }
      if (performance.now() > deadline || signal?.aborted) {
        await asked(client.send(new StopQueryExecutionCommand({ QueryExecutionId: id })));
        throw new AthenaError(signal?.aborted ? 'the query was stopped' : 'the query was stopped: it took too long');
      }
      await delay(pauseMs);
    }
  }

  return {
    async queryEach(sql, onRows, { timeoutMs = 120_000, signal } = {}) {
      let text: string;
      try {
        text = withViews(sql, options);
      } catch (error) {
        throw new AthenaError((error as Error).message);
      }
      const { QueryExecutionId } = await asked(
        client.send(
          new StartQueryExecutionCommand({
            QueryString: text,
            QueryExecutionContext: { Database: database },
            WorkGroup: workGroup,
          }),
        ),
      );
      const execution = await finished(QueryExecutionId!, performance.now() + timeoutMs, signal);
      const bytesScanned = execution.Statistics?.DataScannedInBytes ?? 0;
      const head: AthenaHead = { columns: [], bytesScanned, dollars: queryPrice(bytesScanned, options.dollarsPerTB) };
      let NextToken: string | undefined;
      let isFirst = true;
      do {
        const page = await asked(
          client.send(
            new GetQueryResultsCommand({ QueryExecutionId: QueryExecutionId!, ...(NextToken ? { NextToken } : {}) }),
          ),
        );
        const info = page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
        if (isFirst)
          head.columns = info.map(({ Name, Type }) => ({ name: Name!, type: (Type ?? 'varchar').toUpperCase() }));
        const rows = (page.ResultSet?.Rows ?? []).map(({ Data = [] }) =>
          Data.map(({ VarCharValue }, at) => plainValue(VarCharValue, info[at]?.Type, info[at]?.Name)),
        );
        // The first row of the first page is the columns' names.
        await onRows(isFirst ? rows.slice(1) : rows, head);
        isFirst = false;
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return head;
    },
    async close() {
      client.destroy();
    },
  };
}

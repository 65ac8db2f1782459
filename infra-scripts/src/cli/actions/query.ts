import { readFileSync } from 'node:fs';
import { MillraceError, usageError } from '@millrace/kit/millrace-error';
import type { QueryColumn, QueryEngine, QueryHead } from '@millrace/lake';
import type { JsonValue } from '@millrace/sdk/schema';
import { awsTarget } from '../../targets/aws-target.js';
import { lakeOf } from '../../targets/lake.js';
import { asCalled } from '../text/as-called.js';
import { tellAthenaCost } from '../text/athena-cost.js';
import { warn } from '../text/lake-warnings.js';
import { nothingFoundText } from '../text/nothing-found.js';
import { groupDigits, renderTable, showBytes } from '../text/table.js';

/** The options of `millrace query`. */
export interface QueryCommandOptions {
  workgroup?: string;
  lake?: string;
  state?: string;
  json?: true;
  s3Select?: string;
  endpointUrl?: string;
  table?: boolean;
  site?: string;
  /** False with `--no-bots`. */
  bots: boolean;
  maxRows: number;
  /** Seconds. */
  timeout: number;
}

/** Runs one statement and prints its rows. */
export async function query(sql: string, options: QueryCommandOptions): Promise<void> {
  const text = sql === '-' ? readFileSync(0, 'utf8') : sql;
  const lake =
    options.s3Select === undefined
      ? await lakeOf({ ...options, onCost: tellAthenaCost })
      : await selectLake(options, text);
  // DuckDB keeps a process alive until its query is over: a signal has to stop the query first.
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  try {
    const how = { ...options, signal: stop.signal };
    if (options.json || (!options.table && !process.stdout.isTTY)) await printLines(lake, text, how);
    else await printTable(lake, text, how);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new MillraceError('INTERRUPTED', 'the query was stopped', { exitCode: 130 });
  } finally {
    await lake.close();
  }
}

/** `s3://BUCKET/PREFIX`, at AWS or at the embedded AWS that runs. */
async function selectLake(
  { s3Select = '', endpointUrl, state }: QueryCommandOptions,
  sql: string,
): Promise<QueryEngine> {
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?(.*)$/.exec(s3Select) ?? [];
  if (bucket === undefined)
    throw usageError(`--s3-select: invalid prefix ${JSON.stringify(s3Select)}: give s3://BUCKET/page=books/`);
  const { isAggregate, openSelectLake } = await import('@millrace/lake/s3-select');
  const { clientConfig } = awsTarget({ endpointUrl, state });
  return openSelectLake({
    bucket,
    prefix: prefix!,
    s3Config: { ...clientConfig, ...(clientConfig.endpoint === undefined ? {} : { forcePathStyle: true }) },
    onSummary({ objects, bytesScanned, bytesReturned }) {
      const counted = `${groupDigits(objects)} ${objects === 1 ? 'object' : 'objects'}`;
      console.error(
        `S3 Select scanned ${showBytes(bytesScanned)} in ${counted} and returned ${showBytes(bytesReturned)}`,
      );
      if (objects > 1 && isAggregate(sql))
        console.error('It answers for each object alone: one row an object, and none for all of them together.');
      if (objects > 0) return;
      console.error(asCalled(`There is no object under ${s3Select}: millrace ls shows what there is.`));
      process.exitCode = 4;
    },
  });
}

/** How to run a statement, and what stops it. */
type How = QueryCommandOptions & { signal: AbortSignal };

async function printLines(lake: QueryEngine, sql: string, { timeout, signal, site, bots }: How): Promise<void> {
  // A reader that has seen enough, as `| head`, ends the query without a failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const head = await lake.queryEach(
    sql,
    async (rows, { columns }) => {
      const lines = rows.map(
        (row) => `${JSON.stringify(Object.fromEntries(row.map((value, at) => [columns[at]!.name, value])))}\n`,
      );
      if (!process.stdout.write(lines.join(''))) await new Promise((resolve) => process.stdout.once('drain', resolve));
    },
    { timeoutMs: timeout * 1_000, signal, site, bots },
  );
  tellWhatWasLookedAt(head);
}

async function printTable(
  lake: QueryEngine,
  sql: string,
  { timeout, maxRows, signal, site, bots }: How,
): Promise<void> {
  const result = await lake.query(sql, { maxRows, timeoutMs: timeout * 1_000, signal, site, bots });
  // EXPLAIN draws its plan itself.
  const plan = result.columns.length === 2 && result.columns[0]!.name === 'explain_key';
  if (plan) for (const row of result.rows) console.log(row[1]);
  else {
    const columns = result.columns.map((column) => ({ name: column.name, align: alignOf(column) }));
    const width = process.stdout.isTTY ? process.stdout.columns : undefined;
    console.log(
      renderTable(
        columns,
        result.rows.map((row) => row.map(cellText)),
        { width },
      ),
    );
    const count = groupDigits(result.rows.length);
    const more = `the first ${count} rows; there are more: --max-rows N shows N, --json all`;
    console.log(result.truncated ? more : `${count} ${result.rows.length === 1 ? 'row' : 'rows'}`);
  }
  tellWhatWasLookedAt(result);
}

/** An answer from nothing is none. */
function tellWhatWasLookedAt(head: QueryHead): void {
  warn(head);
  if (head.looked?.objects !== 0) return;
  console.error(`millrace: ${nothingFoundText(head.looked)}`);
  process.exitCode = 4;
}

function alignOf({ type }: QueryColumn): 'left' | 'right' {
  return /INT|DOUBLE|FLOAT|DECIMAL|BIGNUM/.test(type) && !type.endsWith(']') ? 'right' : 'left';
}

function cellText(value: JsonValue): string {
  if (value === null) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

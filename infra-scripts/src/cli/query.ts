import { readFileSync } from 'node:fs';
import type { QueryColumn, QueryEngine } from '@millrace/lake';
import type { JsonValue } from '@millrace/sdk/schema';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { awsTarget, UsageError } from '../runtime/context.js';
import { type LakeCommandOptions, lakeOf, lakeOption, lakeStateOption, warn, workGroupOption } from './lake-options.js';
import { groupDigits, renderTable, showBytes } from './table.js';

interface QueryCommandOptions extends LakeCommandOptions {
  s3Select?: string;
  endpointUrl?: string;
  table?: boolean;
  maxRows: number;
  timeout: number;
}

const examples = `
What can be queried:
  events      one row per event, without the quarantine; copies removed by event_id
  events_raw  every delivered row, copies included, and the object it lies in
  quarantine  refused events: event_id, code, reason, raw, received_at, object
  errors      what Firehose could not deliver: type, code, message, arrived_at, raw, object

Examples:
  millrace query "select * from events where page='books' and event='clicked_review' limit 5"
  millrace query "select page, event, count(*) from events group by all order by all"
  millrace query "select properties->>'rating' as rating, count(*) from events group by 1" --json
  millrace query "describe events"
  millrace query - < report.sql
  millrace query --s3-select s3://millrace-lake/page=books/event=clicked_review/ "select * from s3object s limit 5"

The SQL is DuckDB's: https://duckdb.org/docs/stable/sql/introduction. Times are UTC. A query can read the lake and nothing else.
With --workgroup it is Athena's. With --s3-select it is S3 Select's, which reads one object after the other and knows s3object alone; AWS keeps
it for accounts that used it before it was closed to new ones. Both say on standard error what was scanned.
On a terminal the rows are a table; else, or with --json, one JSON object a line. Exit code: 0 answered, 1 not answered.`;

function number(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError(`${what} is a number above 0.`);
    return value;
  };
}

export function addQuery(program: Command): void {
  program
    .command('query')
    .description('Ask the lake in SQL')
    .argument('<sql>', 'one statement that reads; - takes it from the standard input')
    .option('--json', 'one JSON object a line, all rows (as when the output is no terminal)')
    .addOption(new Option('--table', 'a table, even when the output is no terminal').conflicts('json'))
    .addOption(new Option('--max-rows <n>', 'rows of a table').argParser(number('--max-rows')).default(100))
    .addOption(new Option('--timeout <seconds>', 'when to give up').argParser(number('--timeout')).default(120))
    .addOption(
      new Option('--s3-select <prefix>', 'ask the objects under s3://BUCKET/PREFIX by S3 Select').conflicts([
        'lake',
        'workgroup',
      ]),
    )
    .option('--endpoint-url <url>', 'the AWS endpoint, for --s3-select')
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (sql: string, options: QueryCommandOptions) => {
      const text = sql === '-' ? readFileSync(0, 'utf8') : sql;
      const lake = options.s3Select === undefined ? await lakeOf(options) : await selectLake(options, text);
      try {
        if (options.json || (!options.table && !process.stdout.isTTY)) await printLines(lake, text, options);
        else await printTable(lake, text, options);
      } finally {
        await lake.close();
      }
    });
}

/** `s3://BUCKET/PREFIX`, at AWS or at the embedded AWS that runs. */
async function selectLake(
  { s3Select = '', endpointUrl, state }: QueryCommandOptions,
  sql: string,
): Promise<QueryEngine> {
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?(.*)$/.exec(s3Select) ?? [];
  if (bucket === undefined)
    throw new UsageError(
      `--s3-select ${JSON.stringify(s3Select)} is no place in S3; it looks like s3://BUCKET/page=books/`,
    );
  const { isAggregate, openSelectLake } = await import('@millrace/lake/s3-select');
  const { clientConfig } = awsTarget({ ...(endpointUrl ? { endpointUrl } : {}), ...(state ? { state } : {}) });
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
      if (objects === 0) console.error(`There is no object under ${s3Select}: millrace ls shows what there is.`);
    },
  });
}

async function printLines(lake: QueryEngine, sql: string, { timeout }: QueryCommandOptions): Promise<void> {
  // A reader that has seen enough, as `| head`, ends the query: it is no failure.
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
    { timeoutMs: timeout * 1_000 },
  );
  warn(head);
}

async function printTable(lake: QueryEngine, sql: string, { timeout, maxRows }: QueryCommandOptions): Promise<void> {
  const result = await lake.query(sql, { maxRows, timeoutMs: timeout * 1_000 });
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
  warn(result);
}

function alignOf({ type }: QueryColumn): 'left' | 'right' {
  return /INT|DOUBLE|FLOAT|DECIMAL|BIGNUM/.test(type) && !type.endsWith(']') ? 'right' : 'left';
}

function cellText(value: JsonValue): string {
  if (value === null) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

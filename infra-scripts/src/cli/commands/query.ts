import { type Command, Option } from 'commander';
import type { QueryCommandOptions } from '../actions/query.js';
import { lakeOption, lakeStateOption, noBotsOption, siteOption, workGroupOption } from '../options/lake.js';
import { numberAbove0 } from '../options/values.js';

const examples = `
What can be queried:
  events      one row per event, without the quarantine; copies (the same event_id, stream_id and seq) removed
  events_raw  every delivered row, copies included, and the object it lies in
  quarantine  refused events: event_id, code, reason, raw, received_at, site, is_bot, object
  errors      what Firehose could not deliver: type, code, message, arrived_at, raw, object
  ledger      what the servers acknowledged: server, server_row, received_at, acknowledged, object

site and is_bot say whose event it is and whether a bot sent it; they are NULL in rows that are older, or were put straight into the stream.
--site and --no-bots leave other rows out of events, events_raw and quarantine: --site also those without a site, --no-bots none that does
not say. errors and ledger are of all sites.

Examples:
  millrace query "select * from events where page='books' and event='clicked_review' limit 5"
  millrace query "select page, event, count(*) from events group by all order by all"
  millrace query "select properties->>'rating' as rating, count(*) from events group by 1" --json
  millrace query --site shop --no-bots "select page, count(distinct visitor_id) as visitors from events group by all"
  millrace query "describe events"
  millrace query - < report.sql
  millrace query --s3-select s3://millrace-lake/page=books/event=clicked_review/ "select * from s3object s limit 5"

The SQL is DuckDB's: https://duckdb.org/docs/stable/sql/introduction. Times are UTC. A query can read the lake and nothing else.
With --workgroup it is Athena's. With --s3-select it is S3 Select's, which reads one object after the other and knows the table s3object only.
AWS offers S3 Select only to accounts that used it before it was closed to new ones. Both say on standard error what they scanned.
On a terminal the rows are a table; else, or with --json, one JSON object a line. 
Exit codes: 0 answered, 1 not answered, 2 called wrongly, 4 no events found, 130 interrupted.`;

/** Defines `millrace query`. */
export function addQuery(program: Command): void {
  program
    .command('query')
    .description('Ask the lake in SQL')
    .argument('<sql>', 'one statement that reads; - takes it from the standard input')
    .option('--json', 'one JSON object a line, all rows (as when the output is not a terminal)')
    .addOption(new Option('--table', 'a table, even when the output is not a terminal').conflicts('json'))
    .addOption(new Option('--max-rows <n>', 'rows of a table').argParser(numberAbove0('--max-rows')).default(100))
    .addOption(new Option('--timeout <seconds>', 'when to give up').argParser(numberAbove0('--timeout')).default(120))
    .addOption(
      new Option('--s3-select <prefix>', 'ask the objects under s3://BUCKET/PREFIX by S3 Select').conflicts([
        'lake',
        'workgroup',
        'site',
        'bots',
      ]),
    )
    .option('--endpoint-url <url>', 'the AWS endpoint, for --s3-select')
    .addOption(siteOption())
    .addOption(noBotsOption())
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (sql: string, options: QueryCommandOptions) =>
      (await import('../actions/query.js')).query(sql, options),
    );
}

import { ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { JsonValue } from '@millrace/sdk/schema';
import type { Lake, PartitionSummary, QueryResult } from '../lake.js';
import { type Athena, AthenaError, type AthenaHead, type AthenaOptions, openAthena, refusal } from './athena.js';

export interface AthenaLakeOptions extends AthenaOptions {
  /** The lake's bucket, for what lies in it. */
  bucket: string;
  s3Config?: S3ClientConfig;
  /** Told after each query: what it cost. */
  onCost?(head: Pick<AthenaHead, 'bytesScanned' | 'dollars'>): void;
}

/** Athena names no damaged objects: its SerDe leaves out lines that are no JSON. */
const noWarnings = { damaged: [], strange: [] };

/** The lake on AWS, behind the same interface as the one on this machine: Athena for what is in the objects, S3 for the objects. */
export function openAthenaLake(options: AthenaLakeOptions): Lake {
  const athena = openAthena(options);
  const ask: Athena['queryEach'] = async (sql, onRows, limits) => {
    const head = await athena.queryEach(sql, onRows, limits);
    options.onCost?.(head);
    return head;
  };
  return {
    async query(sql, { maxRows = 10_000, ...limits } = {}): Promise<QueryResult> {
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
    list: () => summarise(ask, options),
    async audit() {
      throw new AthenaError(
        `the audit reads the objects themselves: aws s3 sync s3://${options.bucket}/ lake --exclude 'athena-results/*', then millrace audit --lake lake`,
      );
    },
    close: () => athena.close(),
  };
}

/** Pages × events: counts and times from Athena, which reads the whole lake for them; objects and bytes from S3. */
async function summarise(ask: Athena['queryEach'], options: AthenaLakeOptions): Promise<PartitionSummary[]> {
  if (options.bucket === '')
    throw new AthenaError('which bucket is the lake? Name it in MILLRACE_LAKE (millrace status shows it)');
  const summaries = new Map<string, PartitionSummary>();
  const s3 = new S3Client({ ...options.s3Config });
  try {
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({
          Bucket: options.bucket,
          Prefix: 'page=',
          ...(ContinuationToken ? { ContinuationToken } : {}),
        }),
      );
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        const [, partitionPage, event] = /^page=([^/]+)\/event=([^/]+)\//.exec(Key) ?? [];
        if (partitionPage === undefined || event === undefined) continue;
        const id = `${partitionPage}/${event}`;
        const summary = summaries.get(id) ?? {
          page: partitionPage,
          event,
          objects: 0,
          events: 0,
          bytes: 0,
          newest: null,
          damaged: [],
        };
        summary.objects += 1;
        summary.bytes += Size;
        summaries.set(id, summary);
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  } catch (error) {
    throw refusal('S3', error);
  } finally {
    s3.destroy();
  }
  const { database, table } = options;
  await ask(
    `SELECT page, event, count(*), max(coalesce(event_time, received_at)) FROM "${database}"."${table}" GROUP BY 1, 2`,
    (rows) => {
      for (const [page, event, count, newest] of rows) {
        const summary = summaries.get(`${page}/${event}`);
        if (!summary) continue;
        summary.events = Number(count);
        summary.newest = typeof newest === 'string' ? newest : null;
      }
    },
  );
  return [...summaries.values()].sort((a, b) => (a.page + a.event < b.page + b.event ? -1 : 1));
}

import { ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { PartitionSummary } from '../lake.js';
import { queryError } from '../query-error.js';
import type { Athena } from './athena-client.js';
import { callError } from './call-error.js';
import type { AthenaTables } from './views.js';

/** Where the objects are. */
export interface LakeBucket {
  /** The bucket that holds the lake's objects. */
  bucket: string;
  s3Config?: S3ClientConfig;
}

/**
 * One entry per page and event, sorted by both: S3 says the objects and bytes, Athena, which reads the whole lake for
 * it, the events and times.
 * @throws MillraceError with a `QueryErrorCode`
 */
export async function listPartitions(
  queryEach: Athena['queryEach'],
  { database, table, bucket, s3Config }: AthenaTables & LakeBucket,
): Promise<PartitionSummary[]> {
  if (bucket === '')
    throw queryError(
      'AWS_CALL_FAILED',
      "the name of the lake's bucket is missing: set MILLRACE_LAKE (millrace status shows it)",
    );
  const summaries = await storedPartitions(bucket, s3Config);
  await queryEach(
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

/** Objects and bytes by `page/event`; nothing else is known yet. */
async function storedPartitions(
  bucket: string,
  config: S3ClientConfig | undefined,
): Promise<Map<string, PartitionSummary>> {
  const summaries = new Map<string, PartitionSummary>();
  const s3 = new S3Client({ ...config });
  try {
    let ContinuationToken: string | undefined;
    do {
      const listed = await s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: 'page=',
          ...(ContinuationToken ? { ContinuationToken } : {}),
        }),
      );
      for (const { Key = '', Size = 0 } of listed.Contents ?? []) {
        const [, page, event] = /^page=([^/]+)\/event=([^/]+)\//.exec(Key) ?? [];
        if (page === undefined || event === undefined) continue;
        const id = `${page}/${event}`;
        const summary = summaries.get(id) ?? {
          page,
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
      ContinuationToken = listed.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  } catch (error) {
    throw callError('S3', error);
  } finally {
    s3.destroy();
  }
  return summaries;
}

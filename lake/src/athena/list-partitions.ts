import { ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { EventFilter, PartitionSummary } from '../lake.js';
import { collectPartitions, isFilter, withSuchRows } from '../partition-summaries.js';
import { queryError } from '../query-error.js';
import type { Athena } from './athena-client.js';
import { callError } from './call-error.js';
import { type AthenaTables, partitionCounts } from './views.js';

/** Where the objects are. */
export interface LakeBucket {
  /** The bucket that holds the lake's objects. */
  bucket: string;
  s3Config?: S3ClientConfig;
}

/**
 * One entry per page and event, sorted by both: S3 says the objects and bytes, Athena, which reads the whole lake for
 * it, the rows and times.
 * @throws MillraceError with a `QueryErrorCode`
 */
export async function listPartitions(
  queryEach: Athena['queryEach'],
  { bucket, s3Config, ...tables }: AthenaTables & LakeBucket,
  filter: EventFilter,
): Promise<PartitionSummary[]> {
  if (bucket === '')
    throw queryError(
      'AWS_CALL_FAILED',
      "the name of the lake's bucket is missing: set MILLRACE_LAKE (millrace status shows it)",
    );
  const partitions = await storedPartitions(bucket, s3Config);
  await queryEach(partitionCounts(tables, filter), (rows) => {
    for (const [page, event, count, newest] of rows) {
      partitions.addRows(String(page), String(event), Number(count), typeof newest === 'string' ? newest : null);
    }
  });
  return isFilter(filter) ? withSuchRows(partitions.sorted()) : partitions.sorted();
}

/** Objects and bytes by page and event; nothing else is known yet. */
async function storedPartitions(bucket: string, config: S3ClientConfig | undefined) {
  const partitions = collectPartitions();
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
        if (page !== undefined && event !== undefined) partitions.addObject(page, event, Size);
      }
      ContinuationToken = listed.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  } catch (error) {
    throw callError('S3', error);
  } finally {
    s3.destroy();
  }
  return partitions;
}

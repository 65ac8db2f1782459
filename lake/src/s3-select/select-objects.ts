import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { queryError } from '../query-error.js';
import { type Row, selectObject } from './select-object.js';

/** The objects to query. */
export interface SelectOptions {
  s3: S3Client;
  bucket: string;
  /** The prefix of the objects' keys. */
  prefix: string;
  signal?: AbortSignal | undefined;
}

/** What a statement has scanned. */
export interface SelectSummary {
  objects: number;
  /** Before decompression, as S3 bills them. */
  bytesScanned: number;
  bytesReturned: number;
}

/** How many rows the whole statement may give: S3 Select itself counts within each object. */
function limitOf(sql: string): number {
  const [, limit] = /\blimit\s+(\d+)\s*$/i.exec(sql) ?? [];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

/** Whether a statement gives one row per object, and so several rows for several objects. */
export const isAggregate = (sql: string): boolean => /^\s*select\s[^']*?\b(count|sum|avg|min|max)\s*\(/i.test(sql);

/**
 * Runs the statement on one object after the other, in the order of their keys, until its LIMIT is reached. Hands over
 * the rows of an object at a time.
 * @throws MillraceError `AWS_CALL_FAILED`, which names the object
 */
export async function selectObjects(
  { s3, bucket, prefix, signal }: SelectOptions,
  statement: string,
  onRows: (rows: Row[]) => void | Promise<void>,
): Promise<SelectSummary> {
  const sql = statement.trim().replace(/;\s*$/, '');
  const summary: SelectSummary = { objects: 0, bytesScanned: 0, bytesReturned: 0 };
  let room = limitOf(sql);
  for await (const key of keysUnder(s3, bucket, prefix, signal)) {
    if (room <= 0) break;
    const answer = await selectObject(s3, { bucket, key, sql, signal });
    summary.objects += 1;
    summary.bytesScanned += answer.bytesScanned;
    summary.bytesReturned += answer.bytesReturned;
    const rows = answer.rows.slice(0, room);
    room -= rows.length;
    if (rows.length > 0) await onRows(rows);
  }
  return summary;
}

async function* keysUnder(
  s3: S3Client,
  Bucket: string,
  Prefix: string,
  abortSignal: AbortSignal | undefined,
): AsyncGenerator<string> {
  let ContinuationToken: string | undefined;
  do {
    const page = await s3
      .send(
        new ListObjectsV2Command({ Bucket, Prefix, ...(ContinuationToken ? { ContinuationToken } : {}) }),
        abortSignal ? { abortSignal } : {},
      )
      .catch((error: Error) => {
        throw queryError('AWS_CALL_FAILED', `cannot list s3://${Bucket}/${Prefix}: ${error.name}: ${error.message}`, {
          cause: error,
        });
      });
    for (const { Key } of page.Contents ?? []) yield Key!;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

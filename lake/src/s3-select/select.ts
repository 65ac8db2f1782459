import {
  ListObjectsV2Command,
  type S3Client,
  SelectObjectContentCommand,
  type SelectObjectContentCommandInput,
} from '@aws-sdk/client-s3';
import type { JsonValue } from '@millrace/sdk/schema';

/** A query that S3 Select did not answer: shown without a stack, as DuckDB's are. */
export class SelectError extends Error {
  override readonly name = 'QueryError';
}

export interface SelectOptions {
  s3: S3Client;
  bucket: string;
  /** The keys of the objects that are asked, in their order, begin with this. */
  prefix: string;
  signal?: AbortSignal | undefined;
}

export interface SelectSummary {
  objects: number;
  /** Before decompression, as it is billed. */
  bytesScanned: number;
  bytesReturned: number;
}

type Row = { [column: string]: JsonValue };

/** What the whole statement may give: S3 Select itself counts in each object alone. */
function limitOf(sql: string): number {
  const [, limit] = /\blimit\s+(\d+)\s*$/i.exec(sql) ?? [];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

/** Whether the answer is one row an object, and so several for several objects. */
export const isAggregate = (sql: string): boolean => /^\s*select\s[^']*?\b(count|sum|avg|min|max)\s*\(/i.test(sql);

function inputOf(key: string): SelectObjectContentCommandInput['InputSerialization'] {
  if (key.endsWith('.parquet')) return { Parquet: {} };
  return { JSON: { Type: 'LINES' }, CompressionType: key.endsWith('.gz') ? 'GZIP' : 'NONE' };
}

/**
 * Asks one object after the other with S3 Select, and ends when LIMIT is reached. Rows come an object at a time, as S3 gives them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html
 * @throws SelectError when S3 refuses: it names the object, and what to use where S3 Select is closed
 */
export async function selectEach(
  { s3, bucket, prefix, signal }: SelectOptions,
  statement: string,
  onRows: (rows: Row[]) => void | Promise<void>,
): Promise<SelectSummary> {
  const sql = statement.trim().replace(/;\s*$/, '');
  const summary: SelectSummary = { objects: 0, bytesScanned: 0, bytesReturned: 0 };
  let room = limitOf(sql);
  for await (const key of keysUnder(s3, bucket, prefix, signal)) {
    if (room <= 0) break;
    const answer = await ask(s3, { bucket, key, sql, signal });
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
        throw new SelectError(
          `the objects of s3://${Bucket}/${Prefix} cannot be listed: ${error.name}: ${error.message}`,
        );
      });
    for (const { Key } of page.Contents ?? []) yield Key!;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

interface Question {
  bucket: string;
  key: string;
  sql: string;
  signal: AbortSignal | undefined;
}

async function ask(s3: S3Client, { bucket, key, sql, signal }: Question) {
  const text: Uint8Array[] = [];
  let bytesScanned = 0;
  let bytesReturned = 0;
  let ended = false;
  try {
    const { Payload } = await s3.send(
      new SelectObjectContentCommand({
        Bucket: bucket,
        Key: key,
        Expression: sql,
        ExpressionType: 'SQL',
        InputSerialization: inputOf(key),
        OutputSerialization: { JSON: { RecordDelimiter: '\n' } },
      }),
      signal ? { abortSignal: signal } : {},
    );
    for await (const event of Payload!) {
      // A row may be cut anywhere between two of them.
      if (event.Records?.Payload) text.push(event.Records.Payload);
      bytesScanned = event.Stats?.Details?.BytesScanned ?? bytesScanned;
      bytesReturned = event.Stats?.Details?.BytesReturned ?? bytesReturned;
      ended ||= event.End !== undefined;
    }
  } catch (error) {
    throw signal?.aborted ? error : refusal(error as Error, `s3://${bucket}/${key}`);
  }
  // Without it, says S3, the answer may not be whole.
  if (!ended) throw new SelectError(`S3 Select's answer for s3://${bucket}/${key} broke off: ask again`);
  const lines = Buffer.concat(text).toString('utf8').split('\n');
  const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  return { rows, bytesScanned, bytesReturned };
}

/** S3's words; and where it does not offer S3 Select, what does the same. */
function refusal(error: Error & { $metadata?: { httpStatusCode?: number } }, object: string): SelectError {
  if (/MethodNotAllowed|NotImplemented/.test(error.name) || error.$metadata?.httpStatusCode === 405) {
    return new SelectError(
      `this account has no S3 Select (${error.name}): AWS keeps it for those who used it before it was closed to new ones. ` +
        'Ask Athena instead: millrace query --workgroup NAME "select …" (millrace status shows the name)',
    );
  }
  return new SelectError(`S3 Select refuses for ${object}: ${error.name}: ${error.message}`);
}

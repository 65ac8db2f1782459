import { type S3Client, SelectObjectContentCommand, type SelectObjectContentCommandInput } from '@aws-sdk/client-s3';
import type { MillraceError } from '@millrace/kit/millrace-error';
import type { JsonValue } from '@millrace/sdk/schema';
import { queryError } from '../query-error.js';

/** A row as S3 Select gives it. */
export type Row = { [column: string]: JsonValue };

interface ObjectQuery {
  bucket: string;
  key: string;
  sql: string;
  signal: AbortSignal | undefined;
}

interface ObjectAnswer {
  rows: Row[];
  bytesScanned: number;
  bytesReturned: number;
}

function inputOf(key: string): SelectObjectContentCommandInput['InputSerialization'] {
  if (key.endsWith('.parquet')) return { Parquet: {} };
  return { JSON: { Type: 'LINES' }, CompressionType: key.endsWith('.gz') ? 'GZIP' : 'NONE' };
}

/**
 * Runs one statement on one object. https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html
 * @throws MillraceError `AWS_CALL_FAILED`; S3's own error when `signal` aborts
 */
export async function selectObject(s3: S3Client, { bucket, key, sql, signal }: ObjectQuery): Promise<ObjectAnswer> {
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
      // S3 may split a row between two of these.
      if (event.Records?.Payload) text.push(event.Records.Payload);
      bytesScanned = event.Stats?.Details?.BytesScanned ?? bytesScanned;
      bytesReturned = event.Stats?.Details?.BytesReturned ?? bytesReturned;
      ended ||= event.End !== undefined;
    }
  } catch (error) {
    throw signal?.aborted ? error : refusal(error as Error, `s3://${bucket}/${key}`);
  }
  // S3's documentation: without the End event the answer may be incomplete.
  if (!ended) {
    throw queryError(
      'AWS_CALL_FAILED',
      `the answer of S3 Select for s3://${bucket}/${key} ended early: run the query again`,
    );
  }
  const lines = Buffer.concat(text).toString('utf8').split('\n');
  const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  return { rows, bytesScanned, bytesReturned };
}

/** S3's words; and where S3 Select is not available, what to use instead. */
function refusal(error: Error & { $metadata?: { httpStatusCode?: number } }, object: string): MillraceError {
  const isClosed = /MethodNotAllowed|NotImplemented/.test(error.name) || error.$metadata?.httpStatusCode === 405;
  return queryError(
    'AWS_CALL_FAILED',
    isClosed
      ? `S3 Select is not available to this account (${error.name}): AWS closed it to new customers. ` +
          'Use Athena instead: millrace query --workgroup NAME "select …" (millrace status shows the name)'
      : `S3 Select failed for ${object}: ${error.name}: ${error.message}`,
    { cause: error },
  );
}

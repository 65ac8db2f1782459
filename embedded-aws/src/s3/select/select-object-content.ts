import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DuckDBResult } from '@duckdb/node-api';
import { S3Error } from '../errors.js';
import { requestIds } from '../http/answer.js';
import { readSmallBody } from '../http/body.js';
import type { Handler } from '../operations/call.js';
import { requireObject } from '../operations/require-object.js';
import { openSelectEngine } from './duckdb/open-engine.js';
import { toDuckDb } from './duckdb/to-duckdb.js';
import { endMessage, errorMessage, recordsMessage, type ScanStats, statsMessage } from './event-stream.js';
import { rowWriter } from './output.js';
import { readSelectRequest, type SelectRequest } from './request.js';
import { overMaxRecordSize, scan } from './scan.js';
import { parseSelect } from './sql/parse-select.js';

const maxRequestBytes = 512 * 1024;
/** The approximate size of a message with records. */
const messageBytes = 64 * 1024;
const timeoutMs = 120_000;

/**
 * S3 Select over one object: JSON, plain or gzip, or Parquet. The answer starts with the first rows, so that a bad
 * request or object is an error like any other. A later error is a message of the stream, which then has no `End`.
 */
export const selectObjectContent: Handler = async ({ request, body, response, store }) => {
  const select = readSelectRequest((await readSmallBody(body, request.headers, maxRequestBytes)).toString('utf8'));
  const translated = toDuckDb(parseSelect(select.expression));
  const folder = await mkdtemp(join(tmpdir(), 'millrace-select-'));
  try {
    const { object, handle } = await requireObject(store.open(request.bucket, request.key), request.key);
    const file = join(folder, 'object');
    const scanned = await store
      .requireWhole(request.bucket, object, handle)
      .then(() => scan(handle, object.size, file, select))
      .finally(() => handle.close());
    const engine = await openSelectEngine(folder, file, select.input.format).catch((error: unknown) => {
      throw explained(error, select);
    });
    const done = new AbortController();
    const late = () => engine.connection.interrupt();
    void wait(timeoutMs, undefined, { signal: done.signal }).then(late, () => undefined);
    response.on('close', late);
    try {
      const stats = { ...scanned, bytesReturned: 0 };
      const rows = messages(
        await engine.connection.stream(translated.sql),
        rowWriter(select.output, translated.columns),
        stats,
      );
      let next = await rows.next().catch((error: unknown) => {
        throw explained(error, select);
      });
      response.writeHead(200, { ...requestIds(), 'content-type': 'application/vnd.amazon.eventstream' });
      try {
        for (; !next.done; next = await rows.next()) {
          if (!response.write(next.value))
            await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
          if (response.destroyed) return;
        }
        if (select.progress) response.write(statsMessage('Progress', stats));
        response.write(statsMessage('Stats', stats));
        response.end(endMessage());
      } catch (error) {
        const failure = explained(error, select);
        response.end(errorMessage(failure instanceof S3Error ? failure.code : 'InternalError', failure.message));
      }
    } catch (error) {
      throw explained(error, select);
    } finally {
      done.abort();
      response.off('close', late);
      engine.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function* messages(
  result: DuckDBResult,
  write: (row: readonly (string | null)[]) => string,
  stats: ScanStats,
): AsyncGenerator<Buffer> {
  let pending: string[] = [];
  let length = 0;
  const take = () => {
    const payload = Buffer.from(pending.join(''));
    stats.bytesReturned += payload.length;
    pending = [];
    length = 0;
    return recordsMessage(payload);
  };
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) {
      const text = write(row as (string | null)[]);
      pending.push(text);
      length += text.length;
      if (length >= messageBytes) yield take();
    }
  }
  if (pending.length > 0) yield take();
}

/** DuckDB's error with S3's code. */
function explained(error: unknown, { input }: SelectRequest): S3Error | Error {
  if (error instanceof S3Error) return error;
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n', 1)[0]!;
  if (/maximum_object_size/.test(message)) return overMaxRecordSize();
  if (/^Out of Memory Error/.test(message))
    return new S3Error('UnsupportedSqlStructure', 'The SQL expression needs more memory than a query may take.', 400);
  if (/Malformed JSON|Invalid Input Error.*JSON/i.test(message))
    return new S3Error(
      'JSONParsingError',
      `Encountered an error parsing the JSON file: ${jsonFault(line)}. Check the file and try again.`,
      400,
    );
  if (input.format === 'parquet' && /parquet|magic bytes/i.test(message))
    return new S3Error(
      'ParquetParsingError',
      `Error parsing Parquet file: ${jsonFault(line)}. Please check the file and try again.`,
      400,
    );
  if (/Conversion Error|Out of Range|Could not convert/i.test(message))
    return new S3Error(
      'CastFailed',
      `Attempt to convert from one data type to another using CAST failed in the SQL expression: ${line}`,
      400,
    );
  if (/INTERRUPT/i.test(message))
    return new S3Error('Busy', `The query was stopped: it took longer than ${timeoutMs / 1000} s.`, 503);
  if (/Binder Error|Parser Error/.test(message))
    return new S3Error('UnsupportedSqlStructure', `The SQL expression cannot be carried out here: ${line}`, 400);
  return error as Error;
}

/** Without the path of the query's own copy. */
const jsonFault = (line: string) =>
  line.replace(/^[\w ]*Error: /, '').replace(/(in|read) (file )?"[^"]*"/g, '$1 the object');

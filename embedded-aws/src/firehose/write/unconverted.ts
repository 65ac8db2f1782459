import type { ConversionConfiguration } from '../config/conversion.js';
import { conversionErrorLine, malformed } from '../route/failure.js';

/** Whether DuckDB refuses what it was given to read, rather than failing for want of room. */
export const refusesRows = (error: unknown): boolean =>
  /^(Invalid Input|Conversion|Out of Range) Error/.test((error as { message?: string }).message ?? '');

/**
 * The error object of rows that cannot be written as Parquet after all: a buffer that can never be delivered would hold
 * up its shard for ever. Not known to happen, because each row is checked against its column when it comes.
 */
export function unconverted(
  blocks: readonly Buffer[],
  error: unknown,
  { schema }: ConversionConfiguration,
  arrivalMs: number,
  nowMs: number,
): Buffer {
  const failure = malformed((error as Error).message.split('\n')[0]!);
  const origin = { sequenceNumber: null, table: schema.table };
  const rows = Buffer.concat(blocks).toString().split('\n').slice(0, -1);
  return Buffer.concat(rows.map((row) => conversionErrorLine(failure, Buffer.from(row), origin, arrivalMs, nowMs)));
}

import { conversionErrorLine } from '../failure.js';
import { type ConversionPlan, malformed } from './conversion.js';

/** Whether DuckDB refuses what it was given to read, rather than failing for want of room. */
export const refusesRows = (error: unknown): boolean =>
  /^(Invalid Input|Conversion|Out of Range) Error/.test((error as { message?: string }).message ?? '');

/**
 * What no row of can be written as Parquet after all, as an error object: a buffer that can never be delivered would hold up its shard for
 * ever. Not known to happen; each row was held against its column when it came.
 */
export function unconverted(
  blocks: readonly Buffer[],
  error: unknown,
  { schema }: ConversionPlan,
  arrivalMs: number,
  nowMs: number,
): Buffer {
  const failure = malformed((error as Error).message.split('\n')[0]!);
  const origin = { sequenceNumber: null, table: schema.table };
  const rows = Buffer.concat(blocks).toString().split('\n').slice(0, -1);
  return Buffer.concat(rows.map((row) => conversionErrorLine(failure, Buffer.from(row), origin, arrivalMs, nowMs)));
}

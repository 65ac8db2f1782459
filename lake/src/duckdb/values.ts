import {
  type DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  type DuckDBListType,
  DuckDBListValue,
  type DuckDBMapType,
  DuckDBMapValue,
  type DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { JsonValue } from '@millrace/sdk/schema';

/**
 * RFC 3339 in UTC: milliseconds, and finer digits only where there are any. DuckDB's text for years outside 0 to 9999.
 */
function timeText(value: { toString(): string }, nanos: bigint, finite: boolean): string {
  const ms = Number(nanos / 1_000_000n) - (nanos % 1_000_000n < 0n ? 1 : 0);
  if (!finite || ms < -62_167_219_200_000 || ms > 253_402_300_799_999) return value.toString();
  const fine = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const text = new Date(ms).toISOString();
  return fine === 0n ? text : text.replace('Z', `${String(fine).padStart(6, '0').replace(/000$/, '')}Z`);
}

/** A JSON number up to 2^53, which JavaScript reads exactly; else text. */
function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function parsedJson(value: string): JsonValue {
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
}

/**
 * A DuckDB value as JSON has it: times as RFC 3339, whole numbers past 2^53 and numbers that JSON lacks (NaN, Infinity)
 * as text, decimals as numbers, JSON columns as what they hold, lists as arrays, structs and maps as objects, blobs as
 * base64, all else as DuckDB's text.
 */
export function plainValue(value: DuckDBValue, type: DuckDBType): JsonValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return type.alias === 'JSON' ? parsedJson(value) : value;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return timeText(value, value.micros * 1_000n, value.isFinite);
  }
  if (value instanceof DuckDBTimestampMillisecondsValue)
    return timeText(value, value.millis * 1_000_000n, value.isFinite);
  if (value instanceof DuckDBTimestampSecondsValue)
    return timeText(value, value.seconds * 1_000_000_000n, value.isFinite);
  if (value instanceof DuckDBTimestampNanosecondsValue) return timeText(value, value.nanos, value.isFinite);
  if (value instanceof DuckDBDecimalValue) {
    return value.scale === 0 ? wholeNumber(value.value) : value.width <= 15 ? value.toDouble() : value.toString();
  }
  if (value instanceof DuckDBListValue) {
    const { valueType } = type as DuckDBListType;
    return value.items.map((item) => plainValue(item, valueType));
  }
  if (value instanceof DuckDBArrayValue) {
    const { valueType } = type as DuckDBArrayType;
    return value.items.map((item) => plainValue(item, valueType));
  }
  if (value instanceof DuckDBStructValue) {
    const { entryNames, entryTypes } = type as DuckDBStructType;
    return Object.fromEntries(entryNames.map((name, at) => [name, plainValue(value.entries[name]!, entryTypes[at]!)]));
  }
  if (value instanceof DuckDBMapValue) {
    const { keyType, valueType } = type as DuckDBMapType;
    return Object.fromEntries(
      value.entries.map((entry) => [String(plainValue(entry.key, keyType)), plainValue(entry.value, valueType)]),
    );
  }
  if (value instanceof DuckDBUnionValue) return value.value === null ? null : String(value.value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  return value.toString();
}

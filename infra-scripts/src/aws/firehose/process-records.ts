import { emptyKey, extractionFailed, type Failure, notJson } from './failure.js';
import { maxFilterBatch } from './jq-filter.js';
import type { QueryResult } from './jq-path.js';
import { type Meter, unmetered } from './meter.js';
import type { DeliveryPlan } from './plan.js';
import { parseWhole, type SubRecord, splitJson } from './split-json.js';

/** A record as it was read from the stream. */
export interface SourceRecord {
  sequenceNumber: string;
  /** Approximate arrival in the stream, in milliseconds since 1970. */
  arrivalMs: number;
  data: Buffer;
}

/** What a record, or a part of it, becomes: bytes of a partition, or a failure. `data.subarray(start, end)` is delivered as it is. */
export interface Piece {
  start: number;
  end: number;
  /** The parsed text, where it had to be parsed. */
  value?: unknown;
  /** The values of the plan's `keyNames`, in that order, or why there are none. */
  result: string[] | Failure;
}

export const isFailure = (result: string[] | Failure): result is Failure => !Array.isArray(result);

/** De-aggregation and key extraction, for whole records in order. Each record gives at least one piece: nothing is dropped. */
export function processRecords(
  plan: DeliveryPlan,
  records: readonly SourceRecord[],
  meter: Meter = unmetered,
): Piece[][] {
  const { query } = plan;
  const split = records.map(({ data }): SubRecord[] | undefined => {
    if (plan.deaggregateJson) return splitJson(data);
    if (!query) return [{ start: 0, end: data.length, value: undefined }];
    const whole = parseWhole(data);
    // The whole record is delivered, with whatever white space it has around its value.
    return whole && [{ ...whole, start: 0, end: data.length }];
  });
  if (!query)
    return split.map((parts, index) => parts?.map((part) => ({ ...part, result: [] })) ?? [unread(records[index]!)]);

  const keysOf = (result: QueryResult) => partitionValues(plan.keyNames, result);
  if (query.kind === 'paths') {
    return split.map(
      (parts, index) =>
        parts?.map(({ start, end, value }) => ({ start, end, value, result: keysOf(query.run(value)) })) ?? [
          unread(records[index]!),
        ],
    );
  }

  const results = runFilter(records, split, (texts) => {
    const begun = performance.now();
    const found = query.filter.run(texts);
    meter('JQProcessing.Duration', performance.now() - begun);
    return found;
  });
  return split.map(
    (parts, index) =>
      parts?.map((part) => ({ ...part, result: keysOf(results.next().value as QueryResult) })) ?? [
        unread(records[index]!),
      ],
  );
}

const unread = ({ data }: SourceRecord): Piece => ({ start: 0, end: data.length, result: notJson });

/** The filter's results for all parts of all records, by the batch. */
function* runFilter(
  records: readonly SourceRecord[],
  split: readonly (SubRecord[] | undefined)[],
  run: (texts: readonly string[]) => QueryResult[],
): Generator<QueryResult> {
  let texts: string[] = [];
  for (const [index, parts] of split.entries()) {
    for (const { start, end } of parts ?? []) {
      texts.push(records[index]!.data.toString('utf8', start, end));
      if (texts.length === maxFilterBatch) {
        yield* run(texts);
        texts = [];
      }
    }
  }
  yield* run(texts);
}

/**
 * Text, and numbers and booleans as text (Firehose documents only text). An array or an object is no name for a folder: a failure here,
 * as Firehose says nothing about them.
 */
export function partitionValues(names: readonly string[], result: QueryResult): string[] | Failure {
  if ('failure' in result) return extractionFailed(result.failure);
  const values: string[] = [];
  for (const name of names) {
    const value = result.values[name];
    if (value === null || value === undefined || value === '') return emptyKey;
    if (typeof value === 'object') {
      return extractionFailed(
        `partitionKeys value of ${name} must be text, not ${Array.isArray(value) ? 'an array' : 'an object'}`,
      );
    }
    // Half a surrogate pair has no UTF-8, so no S3 key either; jq too replaces it.
    values.push(String(value).replace(/\p{Surrogate}/gu, '\ufffd'));
  }
  return values;
}

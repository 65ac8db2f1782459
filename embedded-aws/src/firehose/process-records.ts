import { parseWhole, splitJson } from '@millrace/kit/split-json';
import { notParsed } from './conversion/conversion.js';
import { emptyKey, extractionFailed, type Failure, notJson } from './failure.js';
import { maxFilterBatch } from './jq-filter.js';
import type { QueryResult } from './jq-path.js';
import { type Meter, unmetered } from './meter.js';
import type { DeliveryPlan } from './plan.js';
import { splitDelimited } from './split-delimited.js';
import { splitKpl } from './split-kpl.js';

/** A record as it was read from the stream. */
export interface SourceRecord {
  sequenceNumber: string;
  /** Approximate arrival in the stream, in milliseconds since 1970. */
  arrivalMs: number;
  data: Buffer;
  partitionKey?: string;
}

/** A record, or a part of it: the bytes `data.subarray(start, end)`. */
export interface Part {
  data: Buffer;
  start: number;
  end: number;
  /** The parsed text, where it had to be parsed. */
  value?: unknown;
  /** Why it cannot be delivered, where that is known already. */
  failure?: Failure;
  /** The partition keys that a Lambda function gave it. */
  lambdaKeys?: Readonly<Record<string, unknown>>;
}

/** What a part becomes: bytes of a partition, or a failure. */
export interface Piece extends Part {
  /** The values of the plan's `keyNames` and then of its `lambdaKeyNames`, in that order, or why there are none. */
  result: string[] | Failure;
}

export const isFailure = (result: string[] | Failure): result is Failure => !Array.isArray(result);

/** De-aggregation and key extraction, for whole records in order. Each record gives at least one piece: nothing is dropped. */
export const processRecords = (
  plan: DeliveryPlan,
  records: readonly SourceRecord[],
  meter: Meter = unmetered,
): Piece[][] => extractKeys(plan, deaggregate(plan, records), meter);

/** The parts of each record, in order, as Firehose takes records apart: the producer library's packing first, then JSON or delimiters. */
export function deaggregate(plan: DeliveryPlan, records: readonly SourceRecord[]): Part[][] {
  return records.map(({ data }) => {
    const packed = plan.deaggregateKpl ? splitKpl(data) : undefined;
    return packed ? packed.flatMap(({ start, end }) => partsOf(plan, data.subarray(start, end))) : partsOf(plan, data);
  });
}

function partsOf(plan: DeliveryPlan, data: Buffer): Part[] {
  const { deaggregate: how } = plan;
  const whole = { data, start: 0, end: data.length };
  if (how?.kind === 'json') {
    const found = splitJson(data);
    return found ? found.map((part) => ({ data, ...part })) : [{ ...whole, failure: notJson }];
  }
  // A Lambda function gets text that need not be JSON yet.
  const parse = readsJson(plan) && !plan.lambda;
  if (how?.kind === 'delimited') {
    const found = splitDelimited(data, how.delimiter) ?? [whole];
    return found.map(({ start, end }) => (parse ? parsed(plan, { data, start, end }) : { data, start, end }));
  }
  return [parse ? parsed(plan, whole) : whole];
}

/** Whether a record must be JSON. */
export const readsJson = ({ query, conversion }: DeliveryPlan): boolean =>
  query !== undefined || conversion !== undefined;

/** The bytes stay as they are, with whatever white space is around the value. */
export function parsed(plan: DeliveryPlan, part: Part): Part {
  const found = parseWhole(part.data.subarray(part.start, part.end));
  return found ? { ...part, value: found.value } : { ...part, failure: plan.query ? notJson : notParsed };
}

export function extractKeys(
  plan: DeliveryPlan,
  records: readonly (readonly Part[])[],
  meter: Meter = unmetered,
): Piece[][] {
  const { query } = plan;
  const result = (part: Part, queried: QueryResult | undefined): string[] | Failure => {
    const values = queried ? partitionValues(plan.keyNames, queried) : [];
    if (isFailure(values) || plan.lambdaKeyNames.length === 0) return values;
    const fromLambda = partitionValues(plan.lambdaKeyNames, { values: part.lambdaKeys ?? {} });
    return isFailure(fromLambda) ? fromLambda : [...values, ...fromLambda];
  };
  const pieces = (queried: (part: Part) => QueryResult | undefined) =>
    records.map((parts) =>
      parts.map((part): Piece => ({ ...part, result: part.failure ?? result(part, queried(part)) })),
    );
  if (!query) return pieces(() => undefined);
  if (query.kind === 'paths') return pieces(({ value }) => query.run(value));
  const results = runFilter(records, (texts) => {
    const begun = performance.now();
    const found = query.filter.run(texts);
    meter('JQProcessing.Duration', performance.now() - begun);
    return found;
  });
  return pieces(() => results.next().value as QueryResult);
}

/** The filter's results for all parts of all records that have not failed, by the batch. */
function* runFilter(
  records: readonly (readonly Part[])[],
  run: (texts: readonly string[]) => QueryResult[],
): Generator<QueryResult> {
  let texts: string[] = [];
  for (const parts of records) {
    for (const { data, start, end, failure } of parts) {
      if (failure) continue;
      texts.push(data.toString('utf8', start, end));
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

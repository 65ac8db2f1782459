import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import { maxFilterBatch } from '../config/jq-filter.js';
import type { QueryResult } from '../config/jq-path.js';
import { type Meter, unmetered } from '../meter.js';
import { emptyKey, extractionFailed, type Failure } from './failure.js';
import { isFailure, type Piece, type SubRecord } from './sub-record.js';

/** The partition keys of whole records, in order. Each sub-record gives one piece: nothing is dropped. */
export function extractKeys(
  configuration: DeliveryConfiguration,
  records: readonly (readonly SubRecord[])[],
  meter: Meter = unmetered,
): Piece[][] {
  const { query } = configuration;
  const result = (subRecord: SubRecord, queried: QueryResult | undefined): string[] | Failure => {
    const values = queried ? partitionValues(configuration.keyNames, queried) : [];
    if (isFailure(values) || configuration.lambdaKeyNames.length === 0) return values;
    const fromLambda = partitionValues(configuration.lambdaKeyNames, { values: subRecord.lambdaKeys ?? {} });
    return isFailure(fromLambda) ? fromLambda : [...values, ...fromLambda];
  };
  const pieces = (queried: (subRecord: SubRecord) => QueryResult | undefined) =>
    records.map((subRecords) =>
      subRecords.map(
        (subRecord): Piece => ({ ...subRecord, result: subRecord.failure ?? result(subRecord, queried(subRecord)) }),
      ),
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

/** The filter's results for all sub-records that have not failed, by the batch. */
function* runFilter(
  records: readonly (readonly SubRecord[])[],
  run: (texts: readonly string[]) => QueryResult[],
): Generator<QueryResult> {
  let texts: string[] = [];
  for (const subRecords of records) {
    for (const { data, start, end, failure } of subRecords) {
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
 * Text, and numbers and booleans as text (Firehose documents only text). An array or an object is a failure here,
 * because Firehose documents nothing about them.
 */
function partitionValues(names: readonly string[], result: QueryResult): string[] | Failure {
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

import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import type { Filter } from '../jq/filter.js';
import type { QueryResult } from '../jq/jq-path.js';
import type { Meter } from '../meter.js';
import { emptyKey, extractionFailed, type Failure } from './failure.js';
import { isFailure, type Piece, type SubRecord } from './sub-record.js';

/**
 * The partition keys of whole records, in order. Each sub-record gives one piece: nothing is dropped.
 * @param filtered what the query's filter gave (`runFilter`), where the query is one
 */
export function extractKeys(
  configuration: DeliveryConfiguration,
  records: readonly (readonly SubRecord[])[],
  filtered: readonly QueryResult[] = [],
): Piece[][] {
  const { query, keyNames, lambdaKeyNames } = configuration;
  const results = filtered.values();
  function keys(subRecord: SubRecord): string[] | Failure {
    const queried = query?.kind === 'paths' ? query.run(subRecord.value) : query && results.next().value!;
    const values = queried ? partitionValues(keyNames, queried) : [];
    if (isFailure(values) || lambdaKeyNames.length === 0) return values;
    const fromLambda = partitionValues(lambdaKeyNames, { values: subRecord.lambdaKeys ?? {} });
    return isFailure(fromLambda) ? fromLambda : [...values, ...fromLambda];
  }
  return records.map((subRecords) =>
    // The sub-record itself becomes the piece: nobody needs it any more, and there are many.
    subRecords.map((subRecord) => {
      const piece = subRecord as Piece;
      piece.result = subRecord.failure ?? keys(subRecord);
      return piece;
    }),
  );
}

/** The filter's results for all sub-records that have not failed. @throws when `signal` aborts */
export async function runFilter(
  filter: Filter,
  records: readonly (readonly SubRecord[])[],
  meter: Meter,
  signal: AbortSignal,
): Promise<QueryResult[]> {
  const texts: Buffer[] = [];
  for (const subRecords of records)
    for (const { data, start, end, failure } of subRecords) if (!failure) texts.push(data.subarray(start, end));
  const begun = performance.now();
  const results = await filter.run(texts, signal);
  meter('JQProcessing.Duration', performance.now() - begun);
  return results;
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

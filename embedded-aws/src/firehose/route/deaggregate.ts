import { parseWhole, splitJson } from '@millrace/kit/split-json';
import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import type { SourceRecord } from '../ports.js';
import { extractionFailed, notJson, notParsed } from './failure.js';
import { splitDelimited } from './split-delimited.js';
import { splitKpl } from './split-kpl.js';
import type { SubRecord } from './sub-record.js';

/**
 * The sub-records of each record, in order: first the producer library's packing is taken off, then JSON or delimiters
 * split it.
 */
export function deaggregate(configuration: DeliveryConfiguration, records: readonly SourceRecord[]): SubRecord[][] {
  return records.map(({ data }) => {
    const packed = configuration.deaggregateKpl ? splitKpl(data) : undefined;
    return packed
      ? packed.flatMap(({ start, end }) => subRecordsOf(configuration, data.subarray(start, end)))
      : subRecordsOf(configuration, data);
  });
}

/** The same, where an unforeseen error of one record is its own, and holds up none of those behind it. */
export function deaggregateEach(configuration: DeliveryConfiguration, records: readonly SourceRecord[]): SubRecord[][] {
  try {
    return deaggregate(configuration, records);
  } catch (error) {
    if (records.length > 1) return records.flatMap((record) => deaggregateEach(configuration, [record]));
    const { data } = records[0]!;
    return [[{ data, start: 0, end: data.length, failure: extractionFailed(String(error)) }]];
  }
}

function subRecordsOf(configuration: DeliveryConfiguration, data: Buffer): SubRecord[] {
  const { deaggregate: how } = configuration;
  const whole = { data, start: 0, end: data.length };
  if (how?.kind === 'json') {
    const found = splitJson(data);
    return found
      ? found.map(({ start, end, value }) => ({ data, start, end, value }))
      : [{ ...whole, failure: notJson }];
  }
  // A Lambda function gets text that need not be JSON yet.
  const parse = readsJson(configuration) && !configuration.lambda;
  if (how?.kind === 'delimited') {
    const found = splitDelimited(data, how.delimiter) ?? [whole];
    return found.map(({ start, end }) => (parse ? parsed(configuration, { data, start, end }) : { data, start, end }));
  }
  return [parse ? parsed(configuration, whole) : whole];
}

/** Whether a record must be JSON. */
export const readsJson = ({ query, conversion }: DeliveryConfiguration): boolean =>
  query !== undefined || conversion !== undefined;

/** The bytes stay as they are, with whatever white space is around the value. */
export function parsed(configuration: DeliveryConfiguration, subRecord: SubRecord): SubRecord {
  const found = parseWhole(subRecord.data.subarray(subRecord.start, subRecord.end));
  return found
    ? { ...subRecord, value: found.value }
    : { ...subRecord, failure: configuration.query ? notJson : notParsed };
}

import { maxSubRecords } from '@millrace/kit/split-json';

/**
 * De-aggregation with `SubRecordType=DELIMITED`: what stands between the delimiters, in order. Nothing when there would
 * be more than 500: such a record goes on whole. What Firehose does with an empty stretch is not documented; here it is
 * no sub-record.
 */
export function splitDelimited(data: Buffer, delimiter: Buffer): { start: number; end: number }[] | undefined {
  const found: { start: number; end: number }[] = [];
  for (let start = 0; start <= data.length; ) {
    const at = data.indexOf(delimiter, start);
    const end = at === -1 ? data.length : at;
    if (end > start) {
      if (found.length === maxSubRecords) return undefined;
      found.push({ start, end });
    }
    start = end + delimiter.length;
  }
  return found;
}

import { maxSubRecords } from '@millrace/kit/split-json';

/**
 * De-aggregation with `SubRecordType=DELIMITED`: the bytes between the delimiters, in order. Nothing when there are
 * more than 500: such a record stays whole. Firehose does not document what becomes of an empty sub-record; here it is
 * left out.
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

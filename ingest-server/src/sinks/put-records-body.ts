import type { PackedRecord } from './sink.js';

/**
 * The body of a PutRecords call: what the AWS client would write, for a tenth of the time. Keys are ours and plain ASCII, and so is base64.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
export function putRecordsBody(stream: string, records: readonly PackedRecord[]): Buffer {
  const head = `{"StreamName":"${stream}","Records":[`;
  const openings = records.map((_, i) => (i === 0 ? '{"Data":"' : ',{"Data":"'));
  const closings = records.map(
    ({ partitionKey, hashKey }) => `","ExplicitHashKey":"${hashKey}","PartitionKey":"${partitionKey}"}`,
  );
  const texts = records.map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  );
  const lengthOf = (parts: readonly string[]) => parts.reduce((sum, { length }) => sum + length, 0);
  const body = Buffer.allocUnsafe(head.length + lengthOf(openings) + lengthOf(texts) + lengthOf(closings) + 2);
  let at = body.write(head, 'latin1');
  // Each straight into its place: joining the texts first costs as much as the encoding, twice.
  for (let i = 0; i < records.length; i++) {
    at += body.write(openings[i]!, at, 'latin1');
    at += body.write(texts[i]!, at, 'latin1');
    at += body.write(closings[i]!, at, 'latin1');
  }
  body.write(']}', at, 'latin1');
  return body;
}

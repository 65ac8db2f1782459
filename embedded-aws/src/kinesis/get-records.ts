import { type GetContext, readShard } from './read-shard.js';
import { count, type Input, type Rules, validated } from './validation.js';

/** AWS's limit for one answer. */
const maxAnswerRecords = 10_000;

const getRules: Rules = {
  Limit: count(maxAnswerRecords),
  ShardIterator: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 512 },
};

/** GetRecords; the answer as JSON text. @throws AwsError */
export async function getRecords(context: GetContext, input: Input): Promise<Buffer> {
  const { ShardIterator, Limit = maxAnswerRecords } = validated(getRules, input) as {
    ShardIterator: string;
    Limit?: number;
  };
  const { records, sequenceNumber, next, children, behindMs } = await readShard(context, ShardIterator, Limit);
  const heads = records.map(
    (record, i) =>
      `${i ? ',' : '{"Records":['}{"SequenceNumber":"${sequenceNumber(record)}","PartitionKey":${JSON.stringify(record.key)},` +
      `"ApproximateArrivalTimestamp":${record.arrivalMs / 1000},"Data":"`,
  );
  const begin = records.length === 0 ? '{"Records":[' : '';
  const tail = `${begin}],${JSON.stringify({
    ...(next === undefined ? { ChildShards: children } : { NextShardIterator: next }),
    MillisBehindLatest: behindMs,
  }).slice(1)}`;
  const bytes = records.reduce(
    (sum, { data }, i) => sum + Buffer.byteLength(heads[i]!) + 4 * Math.ceil(data.length / 3) + 2,
    Buffer.byteLength(tail),
  );
  const answer = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const [i, { data }] of records.entries()) {
    at += answer.write(heads[i]!, at);
    at += answer.write(data.toString('base64'), at, 'latin1');
    at += answer.write('"}', at, 'latin1');
  }
  answer.write(tail, at);
  return answer;
}

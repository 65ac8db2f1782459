import { afterAll, beforeAll, expect } from '@jest/globals';
import { type AwsCli, openAwsCli } from '@millrace/testing/aws-cli';
import { needs } from '@millrace/testing/needs';
import { startKinesis, type TestKinesis } from './kinesis-support.js';

const withCli = needs('aws-cli');

let kinesis: TestKinesis;
let cli: AwsCli;
beforeAll(async () => {
  if (!withCli.areThere) return;
  kinesis = await startKinesis();
  cli = await openAwsCli({ AWS_ENDPOINT_URL: kinesis.endpoint.url, AWS_MAX_ATTEMPTS: '1' });
});
afterAll(async () => {
  await cli?.close();
  await kinesis?.stop();
});

/** What the calls below look at. */
interface Answer {
  StreamDescriptionSummary: object;
  ShardId: string;
  SequenceNumber: string;
  Shards: { ShardId: string }[];
  ShardIterator: string;
  Records: object[];
  StreamNames: string[];
}

const aws = (...args: string[]) => cli.json<Answer>('kinesis', ...args);

withCli.test('the AWS CLI creates, describes, writes, lists, reads and deletes', async () => {
  await aws('create-stream', '--stream-name', 's', '--stream-mode-details', 'StreamMode=ON_DEMAND');
  const summary = await aws('describe-stream-summary', '--stream-name', 's');
  expect(summary.StreamDescriptionSummary).toMatchObject({ StreamStatus: 'ACTIVE', OpenShardCount: 4 });
  // Version 1 of the CLI takes this as the data itself, version 2 as its base64.
  const data = ['--partition-key', 'p', '--data', 'aGVsbG8='];
  const { ShardId, SequenceNumber } = await aws('put-record', '--stream-name', 's', ...data);
  const { Shards } = await aws('list-shards', '--stream-name', 's');
  expect(Shards.map((shard) => shard.ShardId)).toContain(ShardId);
  const { ShardIterator } = await aws(
    ...['get-shard-iterator', '--stream-name', 's', '--shard-id', ShardId, '--shard-iterator-type', 'TRIM_HORIZON'],
  );
  const { Records } = await aws('get-records', '--shard-iterator', ShardIterator);
  expect(Records).toHaveLength(1);
  expect(Records[0]).toMatchObject({ SequenceNumber, PartitionKey: 'p' });
  expect((await aws('list-streams')).StreamNames).toEqual(['s']);
  await aws('delete-stream', '--stream-name', 's');
  expect((await aws('list-streams')).StreamNames).toEqual([]);
});

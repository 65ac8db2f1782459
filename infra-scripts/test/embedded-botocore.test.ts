import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { destination } from './firehose-fakes.js';
import { someEvent } from './support/event.js';
import { eventually } from './support/eventually.js';
import { type Sandbox, sandbox } from './support/millrace.js';

const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import botocore']).status === 0);
if (!python)
  console.warn('Skipped: Python has no botocore here, so the answers were not held against its service models.');

const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20261125/us-east-1/any/aws4_request, SignedHeaders=host, Signature=0';

const targets = {
  firehose: 'Firehose_20150804',
  kinesis: 'Kinesis_20131202',
  cloudwatch: 'GraniteServiceVersion20100801',
} as const;

(python ? describe : describe.skip)('the service models of botocore', () => {
  let box: Sandbox;
  let url: string;
  beforeAll(async () => {
    box = sandbox();
    url = (await box.serve(['aws', '--port', '0'], ['aws'])).url('aws');
  });
  afterAll(() => box.remove());

  test('accept every answer, member by member', async () => {
    const answers: { service: string; operation: string; answer: unknown }[] = [];
    async function call(service: keyof typeof targets, operation: string, body: object): Promise<never> {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'x-amz-target': `${targets[service]}.${operation}`,
          'content-type': 'application/x-amz-json-1.1',
          authorization,
          'x-amz-date': '20261125T000000Z',
        },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      expect({ operation, status: response.status, text }).toEqual({ operation, status: 200, text });
      // Some operations have no answer at all.
      const answer = (text === '' ? {} : JSON.parse(text)) as never;
      answers.push({ service, operation, answer });
      return answer;
    }
    const StreamName = 'clickstream';
    const name = { DeliveryStreamName: 'put-here' };
    const Data = Buffer.from(JSON.stringify(someEvent())).toString('base64');

    await call('firehose', 'CreateDeliveryStream', {
      ...name,
      ExtendedS3DestinationConfiguration: {
        ...destination,
        BucketARN: 'arn:aws:s3:::millrace-lake',
        S3BackupMode: 'Enabled',
        S3BackupConfiguration: {
          RoleARN: destination.RoleARN,
          BucketARN: 'arn:aws:s3:::millrace-lake',
          Prefix: 'raw/',
        },
      },
      DirectPutSourceConfiguration: { ThroughputHintInMBs: 1 },
      DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
    });
    await eventually('ACTIVE', async () =>
      JSON.stringify(await call('firehose', 'DescribeDeliveryStream', name)).includes('"ACTIVE"'),
    );
    await call('firehose', 'PutRecord', { ...name, Record: { Data } });
    await call('firehose', 'PutRecordBatch', { ...name, Records: [{ Data }, { Data }] });
    await call('firehose', 'TagDeliveryStream', { ...name, Tags: [{ Key: 'a', Value: 'b' }] });
    await call('firehose', 'ListTagsForDeliveryStream', name);
    await call('firehose', 'UntagDeliveryStream', { ...name, TagKeys: ['a'] });
    await call('firehose', 'UpdateDestination', {
      ...name,
      CurrentDeliveryStreamVersionId: '1',
      DestinationId: 'destinationId-000000000001',
      ExtendedS3DestinationUpdate: { CompressionFormat: 'ZIP' },
    });
    await call('firehose', 'StopDeliveryStreamEncryption', name);
    await call('firehose', 'StartDeliveryStreamEncryption', name);
    await call('firehose', 'DescribeDeliveryStream', name);
    await call('firehose', 'DescribeDeliveryStream', { DeliveryStreamName: 'clickstream-to-s3' });
    await call('firehose', 'ListDeliveryStreams', {});
    await call('firehose', 'DeleteDeliveryStream', name);

    await call('kinesis', 'PutRecord', { StreamName, Data, PartitionKey: 'a' });
    await call('kinesis', 'PutRecords', { StreamName, Records: [{ Data, PartitionKey: 'a' }] });
    await call('kinesis', 'DescribeStream', { StreamName });
    await call('kinesis', 'DescribeStreamSummary', { StreamName });
    await call('kinesis', 'DescribeLimits', {});
    await call('kinesis', 'ListStreams', {});
    const { Shards } = (await call('kinesis', 'ListShards', { StreamName })) as { Shards: { ShardId: string }[] };
    for (const { ShardId } of Shards) {
      const { ShardIterator } = (await call('kinesis', 'GetShardIterator', {
        ...{ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' },
      })) as { ShardIterator: string };
      await call('kinesis', 'GetRecords', { ShardIterator });
    }
    await call('kinesis', 'ListTagsForStream', { StreamName });

    await call('cloudwatch', 'ListMetrics', {});
    const metric = {
      Namespace: 'AWS/Firehose',
      MetricName: 'IncomingRecords',
      Dimensions: [{ Name: 'DeliveryStreamName', Value: 'put-here' }],
    };
    const span = { StartTime: Date.now() / 1000 - 86_400, EndTime: Date.now() / 1000 + 60 };
    await call('cloudwatch', 'GetMetricStatistics', { ...metric, ...span, Period: 60, Statistics: ['Sum', 'Average'] });
    await call('cloudwatch', 'GetMetricData', {
      ...span,
      MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: metric, Period: 60, Stat: 'Sum' } }],
    });

    const script = fileURLToPath(new URL('../../test/botocore_answers.py', import.meta.url));
    const { stdout, stderr, status } = spawnSync(python!, [script], {
      input: JSON.stringify(answers),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const report = (JSON.parse(stdout) as string[][]).map((wrong, index) => ({
      operation: answers[index]!.operation,
      wrong,
    }));
    expect(report.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    expect(report.length).toBeGreaterThan(30);
  });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '@millrace/embedded-aws/json-protocol';
import { createPipeline } from '../src/pipeline/create.js';
import { definePipeline } from '../src/pipeline/definition.js';
import { describePipeline } from '../src/pipeline/describe.js';
import { startFakeAws } from './pipeline-fake-aws.js';

let aws: Awaited<ReturnType<typeof startFakeAws>>;
beforeEach(async () => {
  aws = await startFakeAws();
});
afterEach(() => aws.close());

const creations = () => aws.calls.filter((call) => /^(Create|PUT)/.test(call));

describe('creating a pipeline through the AWS APIs', () => {
  test('creates bucket and stream, waits until the stream is ACTIVE, then the delivery stream, and waits for that', async () => {
    const lines: string[] = [];
    const pipeline = definePipeline();
    await createPipeline(pipeline, aws.clients, { onProgress: (line) => lines.push(line) });
    expect(creations().toSorted()).toEqual(['CreateDeliveryStream', 'CreateStream', 'PUT millrace-lake']);
    expect(lines).toContain('stream clickstream: ACTIVE');
    expect(lines.at(-1)).toBe('delivery stream clickstream-to-s3: ACTIVE');
    const there = await describePipeline(pipeline, aws.clients);
    expect(there.stream).toMatchObject({ StreamStatus: 'ACTIVE', OpenShardCount: 8 });
    expect(there.deliveryStream?.DeliveryStreamStatus).toBe('ACTIVE');
    expect(there.bucket).toEqual({ name: 'millrace-lake', region: 'us-east-1' });
  });

  test('a second run changes nothing', async () => {
    await createPipeline(definePipeline(), aws.clients);
    aws.calls.length = 0;
    const lines: string[] = [];
    await createPipeline(definePipeline(), aws.clients, { onProgress: (line) => lines.push(line) });
    expect(creations()).toEqual([]);
    expect(lines.toSorted()).toEqual([
      'bucket millrace-lake: exists',
      'delivery stream clickstream-to-s3: exists',
      'stream clickstream: exists',
    ]);
  });

  test('nothing exists: the description says so', async () => {
    expect(await describePipeline(definePipeline(), aws.clients)).toEqual({});
  });

  test('two at once make one pipeline', async () => {
    await Promise.all([
      createPipeline(definePipeline(), aws.clients),
      createPipeline(definePipeline(), aws.clients),
      createPipeline(definePipeline(), aws.clients),
    ]);
    expect(aws.streams.size).toBe(1);
  });

  test('in another region the bucket is made there', async () => {
    aws.streams.set('clickstream', {
      StreamARN: 'arn:aws:kinesis:eu-west-1:000000000000:stream/clickstream',
      StreamStatus: 'ACTIVE',
      OpenShardCount: 8,
    });
    await createPipeline(definePipeline({ region: 'eu-west-1' }), aws.clients);
    expect(aws.buckets.get('millrace-lake')?.region).toBe('eu-west-1');
  });
});

describe('what exists and differs is refused with the difference named, and nothing is changed', () => {
  test('another number of shards', async () => {
    await createPipeline(definePipeline({ shards: 4 }), aws.clients);
    await expect(createPipeline(definePipeline({ shards: 8 }), aws.clients)).rejects.toThrow(
      'the stream clickstream exists and is not as defined: OpenShardCount is 4, wanted 8. Nothing was changed.',
    );
  });

  test('on-demand in place of shards', async () => {
    await createPipeline(definePipeline({ shards: 'on-demand' }), aws.clients);
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(
      'StreamModeDetails.StreamMode is "ON_DEMAND", wanted "PROVISIONED"',
    );
  });

  test('another account', async () => {
    await createPipeline(definePipeline(), aws.clients);
    await expect(createPipeline(definePipeline({ accountId: '123456789012' }), aws.clients)).rejects.toThrow(
      /StreamARN is "arn:aws:kinesis:us-east-1:000000000000:stream\/clickstream", wanted .*123456789012/,
    );
  });

  test('another prefix, buffer and compression, all named', async () => {
    await createPipeline(definePipeline({ datePartition: true, bufferSizeMiB: 128 }), aws.clients);
    aws.calls.length = 0;
    await expect(createPipeline(definePipeline({ compression: 'UNCOMPRESSED' }), aws.clients)).rejects.toMatchObject({
      code: 'PIPELINE_DIFFERS',
      message: expect.stringMatching(
        /^the delivery stream clickstream-to-s3 exists and is not as defined: Prefix is "page=!\{partitionKeyFromQuery:page\}\/event=!\{partitionKeyFromQuery:event\}\/dt=[^;]*; BufferingHints\.SizeInMBs is 128, wanted 64; CompressionFormat is "GZIP", wanted "UNCOMPRESSED"\. Nothing was changed/,
      ),
    });
    expect(creations()).toEqual([]);
  });

  test('a jq filter changed by hand', async () => {
    await createPipeline(definePipeline(), aws.clients);
    const kept = JSON.stringify(aws.deliveryStreams.get('clickstream-to-s3'));
    aws.deliveryStreams.set('clickstream-to-s3', JSON.parse(kept.replace('page:.page', 'page:.url')));
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(
      /MetadataExtractionQuery is "\{page:\.url,event:\.event\}", wanted/,
    );
  });

  test("parameters in another order, and AWS's own additions, are no difference", async () => {
    await createPipeline(definePipeline(), aws.clients);
    // biome-ignore lint/suspicious/noExplicitAny: an answer, taken apart.
    const found = aws.deliveryStreams.get('clickstream-to-s3') as any;
    const processors = found.ExtendedS3DestinationConfiguration.ProcessingConfiguration.Processors;
    processors[1].Parameters.reverse();
    processors[2].Parameters = [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }];
    found.ExtendedS3DestinationConfiguration.FileExtension = '';
    await createPipeline(definePipeline(), aws.clients);
  });

  test('a bucket in another region, or of another account', async () => {
    aws.buckets.set('millrace-lake', { region: 'eu-west-1', status: 200 });
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(
      /its region is eu-west-1, wanted us-east-1/,
    );
    aws.buckets.set('millrace-lake', { region: 'us-east-1', status: 403 });
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(/it is another account's/);
  });
});

describe('what passes by itself is waited out, and nothing else', () => {
  test.each([
    ['InvalidArgumentException', 'Firehose is unable to assume role arn:aws:iam::000000000000:role/millrace-delivery.'],
    ['InvalidArgumentException', 'Access was denied when calling Kinesis.'],
    ['InvalidArgumentException', 'Verify that the IAM role has access to the stream.'],
    ['LimitExceededException', 'Rate exceeded.'],
  ])('%s: %s', async (name, message) => {
    aws.plant('CreateDeliveryStream', new AwsError(name, message), new AwsError(name, message));
    const lines: string[] = [];
    await createPipeline(definePipeline(), aws.clients, { onProgress: (line) => lines.push(line) });
    expect(aws.calls.filter((call) => call === 'CreateDeliveryStream')).toHaveLength(3);
    expect(lines.join('\n')).toContain(message);
  });

  test('a role that never comes is given up with the last answer', async () => {
    const error = () => new AwsError('InvalidArgumentException', 'Firehose is unable to assume role X.');
    aws.plant('CreateDeliveryStream', ...Array.from({ length: 20 }, error));
    await expect(createPipeline(definePipeline(), aws.clients, { propagationMs: 400 })).rejects.toThrow(
      /^timed out after .*; the last answer: Firehose is unable to assume role X\./,
    );
  });

  test.each([
    ['CreateStream', 'LimitExceededException', 'This request would exceed the shard limit for the account.'],
    ['CreateStream', 'AccessDeniedException', 'User: x is not authorized to perform: kinesis:CreateStream'],
    ['CreateDeliveryStream', 'InvalidArgumentException', 'BufferingHints.SizeInMBs must be at least 64'],
  ])('%s is not tried again after %s: %s', async (operation, name, message) => {
    aws.plant(operation, new AwsError(name, message));
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(`failed: ${name}: ${message}`);
    expect(aws.calls.filter((call) => call === operation)).toHaveLength(1);
  });

  test('a delivery stream that failed to come up is an error with its reason', async () => {
    await createPipeline(definePipeline(), aws.clients);
    const found = aws.deliveryStreams.get('clickstream-to-s3')!;
    found.DeliveryStreamStatus = 'CREATING_FAILED';
    found.FailureDescription = { Type: 'CREATE_ENI_FAILED', Details: 'no address' };
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(/CREATE_ENI_FAILED no address/);
  });

  test('a stream that is being deleted is an error, not a wait', async () => {
    aws.streams.set('clickstream', { StreamStatus: 'DELETING', OpenShardCount: 8 });
    await expect(createPipeline(definePipeline(), aws.clients)).rejects.toThrow(/is being deleted/);
  });

  test('an abort ends the wait at once', async () => {
    await createPipeline(definePipeline(), aws.clients);
    aws.looks.set('clickstream', 1_000_000);
    const stop = new AbortController();
    const creating = createPipeline(definePipeline(), aws.clients, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopped by hand')), 50);
    await expect(creating).rejects.toThrow(/stopped by hand|aborted/);
  });
});

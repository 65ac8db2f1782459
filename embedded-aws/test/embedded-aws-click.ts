import { CreateDeliveryStreamCommand, FirehoseClient, type ProcessorParameter } from '@aws-sdk/client-firehose';
import { CreateStreamCommand, KinesisClient, PutRecordCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { EmbeddedAws } from '@millrace/embedded-aws';
import { eventually } from '@millrace/testing/eventually';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export function clientsOf({ url, region, credentials }: EmbeddedAws) {
  const config = { endpoint: url, region, credentials };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const firehose = new FirehoseClient(config);
  const kinesis = new KinesisClient({ ...config, requestHandler: new NodeHttpHandler() });
  const destroy = () => {
    for (const client of [s3, firehose, kinesis]) client.destroy();
  };
  return { s3, firehose, kinesis, destroy };
}
type Clients = ReturnType<typeof clientsOf>;

/** The README's bucket, stream and delivery stream. */
export async function createClicksToLake({ s3, firehose, kinesis }: Clients, region: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  await kinesis.send(new CreateStreamCommand({ StreamName: 'clicks', ShardCount: 1 }));
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { StreamName: 'clicks' });
  const RoleARN = 'arn:aws:iam::000000000000:role/any';
  const query: ProcessorParameter = { ParameterName: 'MetadataExtractionQuery', ParameterValue: '{page: .page}' };
  const engine: ProcessorParameter = { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' };
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'clicks-to-lake',
      DeliveryStreamType: 'KinesisStreamAsSource',
      KinesisStreamSourceConfiguration: {
        KinesisStreamARN: `arn:aws:kinesis:${region}:000000000000:stream/clicks`,
        RoleARN,
      },
      ExtendedS3DestinationConfiguration: {
        RoleARN,
        BucketARN: 'arn:aws:s3:::lake',
        Prefix: 'page=!{partitionKeyFromQuery:page}/',
        ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
        DynamicPartitioningConfiguration: { Enabled: true },
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [{ Type: 'MetadataExtraction', Parameters: [query, engine] }],
        },
      },
    }),
  );
}

export async function putClick({ kinesis }: Clients, page: string): Promise<string> {
  const click = JSON.stringify({ page, event: 'liked_item' });
  await kinesis.send(
    new PutRecordCommand({ StreamName: 'clicks', PartitionKey: 'visitor-1', Data: Buffer.from(click) }),
  );
  return click;
}

/** The README's test: a click through stream and delivery stream; resolves to the text of the object that it became. */
export async function deliverOneClick(aws: EmbeddedAws, page: string): Promise<string> {
  const clients = clientsOf(aws);
  try {
    await createClicksToLake(clients, aws.region);
    await putClick(clients, page);
    const list = new ListObjectsV2Command({ Bucket: 'lake', Prefix: `page=${page}/` });
    const Key = await eventually(`the object of ${page}`, async () => (await clients.s3.send(list)).Contents?.[0]?.Key);
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: 'lake', Key }));
    return await Body!.transformToString();
  } finally {
    clients.destroy();
  }
}

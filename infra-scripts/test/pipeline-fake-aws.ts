import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import {
  AwsError,
  parseJsonBody,
  readBody,
  sendAwsError,
  sendJson,
  targetOf,
} from '@millrace/embedded-aws/json-protocol';
import { NodeHttpHandler } from '@smithy/node-http-handler';

type Body = Record<string, unknown>;

/** Just enough of AWS's control plane to steer what it answers: state by name, statuses that take several looks, planted errors. */
export async function startFakeAws() {
  const streams = new Map<string, Body>();
  const deliveryStreams = new Map<string, Body>();
  const buckets = new Map<string, { region: string | undefined; status: number }>();
  const calls: string[] = [];
  const planted = new Map<string, AwsError[]>();
  /** How many looks a new stream is CREATING for. */
  const looks = new Map<string, number>();

  const status = (name: string, wanted: unknown) => {
    const left = looks.get(name) ?? 0;
    looks.set(name, left - 1);
    return left > 0 ? 'CREATING' : wanted;
  };
  const noSuch = (name: unknown) => new AwsError('ResourceNotFoundException', `${name} not found under account`);

  const operations: Record<string, (body: Body) => object> = {
    CreateStream(body) {
      const name = body.StreamName as string;
      if (streams.has(name)) throw new AwsError('ResourceInUseException', `${name} already exists`);
      const mode = (body.StreamModeDetails as Body | undefined) ?? { StreamMode: 'PROVISIONED' };
      streams.set(name, { StreamModeDetails: mode, OpenShardCount: body.ShardCount ?? 4, StreamStatus: 'ACTIVE' });
      looks.set(name, 1);
      return {};
    },
    DescribeStreamSummary(body) {
      const name = body.StreamName as string;
      const stream = streams.get(name);
      if (!stream) throw noSuch(name);
      const StreamARN = stream.StreamARN ?? `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;
      const StreamStatus = status(name, stream.StreamStatus);
      return { StreamDescriptionSummary: { StreamName: name, ...stream, StreamARN, StreamStatus } };
    },
    CreateDeliveryStream(body) {
      const name = body.DeliveryStreamName as string;
      if (deliveryStreams.has(name)) throw new AwsError('ResourceInUseException', `${name} already exists`);
      const stream = ((body.KinesisStreamSourceConfiguration as Body).KinesisStreamARN as string).split('/')[1]!;
      if ((looks.get(stream) ?? 0) > 0) throw new AwsError('InvalidArgumentException', 'the stream is not ACTIVE');
      deliveryStreams.set(name, { DeliveryStreamStatus: 'ACTIVE', ...body });
      looks.set(name, 1);
      return { DeliveryStreamARN: 'arn' };
    },
    DescribeDeliveryStream(body) {
      const name = body.DeliveryStreamName as string;
      const found = deliveryStreams.get(name);
      if (!found) throw noSuch(name);
      const { KinesisStreamSourceConfiguration, ExtendedS3DestinationConfiguration, ...rest } = found;
      const { S3BackupMode: _left, ...destination } = ExtendedS3DestinationConfiguration as Body;
      return {
        DeliveryStreamDescription: {
          ...rest,
          DeliveryStreamARN: 'arn',
          VersionId: '1',
          DeliveryStreamStatus: status(name, found.DeliveryStreamStatus),
          Source: {
            KinesisStreamSourceDescription: {
              ...(KinesisStreamSourceConfiguration as Body),
              DeliveryStartTimestamp: 1,
            },
          },
          Destinations: [
            { DestinationId: 'destinationId-000000000001', ExtendedS3DestinationDescription: destination },
          ],
          HasMoreDestinations: false,
        },
      };
    },
  };

  const server = createServer({ keepAliveTimeout: 75_000 }, async (request, response) => {
    const target = targetOf(request);
    const body = await readBody(request, 1 << 20);
    if (target === undefined) {
      const bucket = request.url!.slice(1).split(/[/?]/)[0]!;
      calls.push(`${request.method} ${bucket}`);
      const found = buckets.get(bucket);
      if (request.method === 'PUT') {
        const region = /<LocationConstraint>([^<]+)</.exec(body.toString())?.[1] ?? 'us-east-1';
        buckets.set(bucket, { region, status: 200 });
        response.writeHead(200).end();
      } else {
        const headers = found?.region ? { 'x-amz-bucket-region': found.region } : {};
        response.writeHead(found?.status ?? 404, headers).end();
      }
      return;
    }
    calls.push(target.operation);
    try {
      const error = planted.get(target.operation)?.shift();
      if (error) throw error;
      sendJson(response, operations[target.operation]!(parseJsonBody(body)));
    } catch (error) {
      sendAwsError(response, error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const requestHandler = new NodeHttpHandler();
  const config = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler,
    maxAttempts: 1,
  };
  const clients = {
    kinesis: new KinesisClient(config),
    firehose: new FirehoseClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  };
  return {
    clients,
    calls,
    streams,
    deliveryStreams,
    buckets,
    looks,
    plant(operation: string, ...errors: AwsError[]) {
      planted.set(operation, errors);
    },
    async close() {
      requestHandler.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

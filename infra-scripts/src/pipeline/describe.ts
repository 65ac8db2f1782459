import type { DeliveryStreamDescription, FirehoseClient } from '@aws-sdk/client-firehose';
import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  type StreamDescriptionSummary,
} from '@aws-sdk/client-kinesis';
import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { Pipeline } from './definition.js';
import { describeDeliveryStream } from './describe-delivery-stream.js';
import { undefinedWhen } from './undefined-when.js';

/** The clients of the services that the pipeline is made of. */
export interface PipelineClients {
  kinesis: KinesisClient;
  firehose: FirehoseClient;
  s3: S3Client;
}

/** What of a pipeline exists. */
export interface PipelineDescription {
  /** Undefined: there is none. */
  stream?: StreamDescriptionSummary | undefined;
  deliveryStream?: DeliveryStreamDescription | undefined;
  bucket?: { name: string; region: string | undefined } | undefined;
}

const call = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {});
/** The stream as Kinesis describes it; undefined when there is none. */
export async function describeStream(
  kinesis: KinesisClient,
  name: string,
  signal?: AbortSignal,
): Promise<StreamDescriptionSummary | undefined> {
  const command = new DescribeStreamSummaryCommand({ StreamName: name });
  return (await undefinedWhen(['ResourceNotFoundException'], kinesis.send(command, call(signal))))
    ?.StreamDescriptionSummary;
}

/**
 * The bucket and its region; undefined when there is none.
 * @throws MillraceError `NO_ACCESS` when the bucket is somebody else's: S3 answers 403 without a word
 */
export async function describeBucket(
  s3: S3Client,
  name: string,
  signal?: AbortSignal,
): Promise<PipelineDescription['bucket']> {
  try {
    const head = await undefinedWhen(
      ['NotFound', 'NoSuchBucket'],
      s3.send(new HeadBucketCommand({ Bucket: name }), call(signal)),
    );
    return head && { name, region: head.BucketRegion };
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 403) {
      throw new MillraceError(
        'NO_ACCESS',
        `the bucket ${name} cannot be read with these credentials: it is another account's (bucket names are unique over all of AWS; choose another), or s3:ListBucket is missing`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** What of the pipeline exists, as AWS describes it. */
export async function describePipeline(
  pipeline: Pipeline,
  clients: PipelineClients,
  options: { signal?: AbortSignal } = {},
): Promise<PipelineDescription> {
  const { settings } = pipeline;
  const [stream, deliveryStream, bucket] = await Promise.all([
    describeStream(clients.kinesis, settings.stream, options.signal),
    describeDeliveryStream(clients.firehose, settings.deliveryStream, options.signal),
    describeBucket(clients.s3, settings.bucket, options.signal),
  ]);
  return { stream, deliveryStream, bucket };
}

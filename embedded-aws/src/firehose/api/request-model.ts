import { z } from 'zod';
import { type Answers, parseShape, type Requests as RequestsOf } from '../../json-service/operations.js';
import { extendedS3Destination, notHere, roleArn, s3Destination } from '../config/destination-shape.js';
import { refusalOf } from './refusal.js';

/**
 * The shape of each operation's request, with the limits of the service's model.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html
 */
const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-zA-Z0-9_.-]+$/);
const streamArn = z
  .string()
  .min(1)
  .max(512)
  .regex(/^arn:.*:kinesis:[a-zA-Z0-9-]+:\d{12}:stream\/[a-zA-Z0-9_.-]+$/);

const extendedS3Update = extendedS3Destination
  .omit({ S3BackupConfiguration: true })
  .partial()
  .extend({ S3BackupUpdate: s3Destination.partial().optional() });

/** Destinations that Firehose has and this one refuses. */
export const otherDestinations = [
  'S3DestinationConfiguration',
  'RedshiftDestinationConfiguration',
  'ElasticsearchDestinationConfiguration',
  'AmazonopensearchserviceDestinationConfiguration',
  'AmazonOpenSearchServerlessDestinationConfiguration',
  'SplunkDestinationConfiguration',
  'HttpEndpointDestinationConfiguration',
  'SnowflakeDestinationConfiguration',
  'IcebergDestinationConfiguration',
] as const;

const otherUpdates = Object.fromEntries(
  otherDestinations.map((member) => [member.replace(/Configuration$/, 'Update'), notHere]),
) as Record<string, typeof notHere>;

const others = Object.fromEntries(otherDestinations.map((member) => [member, notHere])) as Record<
  (typeof otherDestinations)[number],
  typeof notHere
>;

const tagKey = z.string().min(1).max(128);
const tags = z
  .array(z.strictObject({ Key: tagKey, Value: z.string().max(256).optional() }))
  .min(1)
  .max(50);

const encryptionInput = z.strictObject({
  KeyARN: z
    .string()
    .min(1)
    .max(512)
    .regex(/^arn:.*:kms:[a-zA-Z0-9-]+:\d{12}:(key|alias)\/[a-zA-Z_0-9+=,.@\-_/]+$/)
    .optional(),
  KeyType: z.enum(['AWS_OWNED_CMK', 'CUSTOMER_MANAGED_CMK']),
});

/** Base64, as the protocol has binary data. */
const record = z.strictObject({ Data: z.string() });

const streamType = z.enum(['DirectPut', 'KinesisStreamAsSource', 'MSKAsSource', 'DatabaseAsSource']);

/** The shape of the request of each operation. */
export const requests = {
  CreateDeliveryStream: z.strictObject({
    DeliveryStreamName: name,
    DeliveryStreamType: streamType.optional(),
    KinesisStreamSourceConfiguration: z.strictObject({ KinesisStreamARN: streamArn, RoleARN: roleArn }).optional(),
    DirectPutSourceConfiguration: z.strictObject({ ThroughputHintInMBs: z.int().min(1).max(100) }).optional(),
    MSKSourceConfiguration: notHere,
    DatabaseSourceConfiguration: notHere,
    DeliveryStreamEncryptionConfigurationInput: encryptionInput.optional(),
    ExtendedS3DestinationConfiguration: extendedS3Destination.optional(),
    ...others,
    Tags: tags.optional(),
  }),
  DescribeDeliveryStream: z.strictObject({
    DeliveryStreamName: name,
    Limit: z.int().min(1).max(10_000).optional(),
    ExclusiveStartDestinationId: z.string().min(1).max(100).optional(),
  }),
  ListDeliveryStreams: z.strictObject({
    Limit: z.int().min(1).max(10_000).optional(),
    DeliveryStreamType: streamType.optional(),
    ExclusiveStartDeliveryStreamName: name.optional(),
  }),
  DeleteDeliveryStream: z.strictObject({ DeliveryStreamName: name, AllowForceDelete: z.boolean().optional() }),
  ListTagsForDeliveryStream: z.strictObject({
    DeliveryStreamName: name,
    ExclusiveStartTagKey: tagKey.optional(),
    Limit: z.int().min(1).max(50).optional(),
  }),
  TagDeliveryStream: z.strictObject({ DeliveryStreamName: name, Tags: tags }),
  UntagDeliveryStream: z.strictObject({ DeliveryStreamName: name, TagKeys: z.array(tagKey).min(1).max(50) }),
  UpdateDestination: z.strictObject({
    DeliveryStreamName: name,
    CurrentDeliveryStreamVersionId: z
      .string()
      .min(1)
      .max(50)
      .regex(/^[0-9]+$/),
    DestinationId: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[a-zA-Z0-9-]+$/),
    ExtendedS3DestinationUpdate: extendedS3Update.optional(),
    ...otherUpdates,
  }),
  StartDeliveryStreamEncryption: z.strictObject({
    DeliveryStreamName: name,
    DeliveryStreamEncryptionConfigurationInput: encryptionInput.optional(),
  }),
  StopDeliveryStreamEncryption: z.strictObject({ DeliveryStreamName: name }),
  PutRecord: z.strictObject({ DeliveryStreamName: name, Record: record }),
  PutRecordBatch: z.strictObject({ DeliveryStreamName: name, Records: z.array(record).min(1).max(500) }),
};

/** The request of each operation, by the operation's name. */
export type Requests = RequestsOf<typeof requests>;
/** The request that creates a delivery stream. */
export type CreateRequest = Requests['CreateDeliveryStream'];
/** What answers some of the operations. */
export type OperationAnswers<Names extends keyof Requests> = Pick<Answers<typeof requests, Promise<object>>, Names>;

/** @throws AwsError ValidationException or SerializationException, worded as AWS words them */
export const parseRequest = <Operation extends keyof Requests>(
  operation: Operation,
  body: unknown,
): Requests[Operation] => parseShape(requests[operation], body, refusalOf) as Requests[Operation];

import { AwsError } from '../../json-service/aws-error.js';
import type { ExtendedS3Destination } from '../config/destination-shape.js';
import type { DeliveryStreamDefinition } from './definitions.js';
import { destinationId } from './description.js';
import type { CreateRequest, Requests } from './request-model.js';

const invalid = (message: string) => new AwsError('InvalidArgumentException', message);

/**
 * The destination after an update: a member that is given replaces the old one as a whole, and the others stay.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_UpdateDestination.html
 * @throws AwsError ConcurrentModificationException, InvalidArgumentException
 */
export function updatedDestination(
  definition: DeliveryStreamDefinition,
  request: Requests['UpdateDestination'],
): ExtendedS3Destination {
  if (request.DestinationId !== destinationId)
    throw invalid(`Destination Id ${request.DestinationId} not found in Firehose ${definition.name}.`);
  if (request.CurrentDeliveryStreamVersionId !== String(definition.version))
    throw new AwsError(
      'ConcurrentModificationException',
      `Cannot update firehose: ${definition.name} since the current version id: ${definition.version} and specified version id: ${request.CurrentDeliveryStreamVersionId} do not match`,
    );
  const { ExtendedS3DestinationUpdate: update } = request;
  if (!update)
    throw invalid('Not supported by the embedded Data Firehose: an update without ExtendedS3DestinationUpdate.');
  const { S3BackupUpdate, ...members } = update;
  const given = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  const before = definition.destination;
  const backup = S3BackupUpdate && { S3BackupConfiguration: { ...before.S3BackupConfiguration, ...S3BackupUpdate } };
  const after = { ...before, ...given, ...backup } as ExtendedS3Destination;
  if (isPartitioned(before) !== isPartitioned(after))
    throw invalid(
      isPartitioned(before)
        ? 'Dynamic Partitioning cannot be disabled once it is enabled.' // ours
        : 'Dynamic Partitioning can be enabled only when the Firehose is created.', // ours
    );
  if (before.S3BackupMode === 'Enabled' && after.S3BackupMode !== 'Enabled')
    throw invalid('S3 backup cannot be disabled once it is enabled.'); // ours
  return after;
}

const isPartitioned = ({ DynamicPartitioningConfiguration }: ExtendedS3Destination) =>
  DynamicPartitioningConfiguration?.Enabled === true;

/**
 * The request that would create the delivery stream with this destination: an update obeys the same rules.
 */
export const asCreation = (
  { name, source, directPut }: DeliveryStreamDefinition,
  destination: ExtendedS3Destination,
): CreateRequest => ({
  DeliveryStreamName: name,
  DeliveryStreamType: source ? 'KinesisStreamAsSource' : 'DirectPut',
  ...(source ? { KinesisStreamSourceConfiguration: source } : {}),
  ...(directPut ? { DirectPutSourceConfiguration: directPut } : {}),
  ExtendedS3DestinationConfiguration: destination,
});

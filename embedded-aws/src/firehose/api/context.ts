import { localAccountId } from '@millrace/kit/local-aws';
import { AwsError } from '../../json-service/aws-error.js';
import type { Log } from '../../service.js';
import type { DeliveryConfiguration, Surroundings } from '../config/delivery-configuration.js';
import type { DirectPut } from '../direct-put/put-records.js';
import type { Meter } from '../meter.js';
import type { DeliveryClock } from '../ports.js';
import type { Definitions, DeliveryStreamDefinition } from './definitions.js';
import { statusOf } from './description.js';

/** What a change of a delivery stream means for its delivery. Each is called when the change is on disk. */
export interface DeliveryChanges {
  begin(definition: DeliveryStreamDefinition, configuration: DeliveryConfiguration): void;
  /** The configuration changed. */
  renew(definition: DeliveryStreamDefinition, configuration: DeliveryConfiguration): void;
  /** The delivery stream stays DELETING until its definition is removed. */
  remove(definition: DeliveryStreamDefinition): void;
}

/** What the operations of the API work on. */
export interface ApiContext {
  definitions: Definitions;
  clock: Pick<DeliveryClock, 'wallMs'>;
  log: Log;
  surroundings: Surroundings;
  deliveries: DeliveryChanges;
  /** Where records for a delivery stream are put. */
  directPut: (definition: DeliveryStreamDefinition) => Promise<DirectPut>;
  meterFor: (deliveryStream: string) => Meter;
}

/** The refusal of a delivery stream that does not exist. */
export const notFound = (name: string): AwsError =>
  new AwsError('ResourceNotFoundException', `Firehose ${name} under account ${localAccountId} not found.`);

/** @throws AwsError ResourceNotFoundException */
export function find({ definitions }: ApiContext, name: string): DeliveryStreamDefinition {
  const definition = definitions.get(name);
  if (!definition) throw notFound(name);
  return definition;
}

/** @throws AwsError ResourceNotFoundException, ResourceInUseException */
export function requireActive(
  { clock }: ApiContext,
  definition: DeliveryStreamDefinition | undefined,
  name: string,
): DeliveryStreamDefinition {
  if (!definition) throw notFound(name);
  const status = statusOf(definition, clock.wallMs());
  if (status !== 'ACTIVE')
    throw new AwsError(
      'ResourceInUseException',
      `Firehose ${name} under account ${localAccountId} is in ${status} state.`,
    );
  return definition;
}

import { randomUUID } from 'node:crypto';
import { localAccountId } from '@millrace/kit/local-aws';
import { AwsError } from '../../json-service/aws-error.js';
import type { Log } from '../../service.js';
import { arnOf } from '../arn.js';
import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import { suggestPrefix } from '../config/prefix.js';
import type { ApiContext } from './context.js';
import type { DeliveryStreamDefinition } from './definitions.js';
import { type Encryption, encryptionOf } from './encryption.js';
import type { CreateRequest, OperationAnswers } from './request-model.js';
import { configurationOf } from './validation.js';

/** The request's configuration; of a refusal the log may say what was meant. @throws AwsError */
export async function checkedConfiguration(
  { surroundings, log }: ApiContext,
  request: CreateRequest,
): Promise<DeliveryConfiguration> {
  try {
    return await configurationOf(request, surroundings);
  } catch (error) {
    hintAtPrefixes(request, log);
    throw error;
  }
}

/** CreateDeliveryStream: checks the request, stores the definition, and begins delivery. */
export function createDeliveryStream(
  context: ApiContext,
): OperationAnswers<'CreateDeliveryStream'>['CreateDeliveryStream'] {
  const { definitions, clock, deliveries } = context;
  const creating = new Set<string>();
  return async (request) => {
    const name = request.DeliveryStreamName;
    const configuration = await checkedConfiguration(context, request);
    const input = request.DeliveryStreamEncryptionConfigurationInput;
    const encryption = input && encryptionOf(input, clock.wallMs());
    if (definitions.get(name) || creating.has(name))
      throw new AwsError('ResourceInUseException', `Firehose ${name} under accountId ${localAccountId} already exists`);
    creating.add(name);
    try {
      const definition = definitionOf(request, encryption, clock.wallMs());
      await definitions.put(definition);
      deliveries.begin(definition, configuration);
    } finally {
      creating.delete(name);
    }
    return { DeliveryStreamARN: arnOf(name) };
  };
}

const definitionOf = (
  request: CreateRequest,
  encryption: Encryption | undefined,
  nowMs: number,
): DeliveryStreamDefinition => ({
  id: randomUUID(),
  name: request.DeliveryStreamName,
  ...(request.KinesisStreamSourceConfiguration ? { source: request.KinesisStreamSourceConfiguration } : {}),
  ...(request.DirectPutSourceConfiguration ? { directPut: request.DirectPutSourceConfiguration } : {}),
  ...(encryption ? { encryption } : {}),
  destination: request.ExtendedS3DestinationConfiguration!,
  tags: request.Tags ?? [],
  version: 1,
  createdMs: nowMs,
});

/**
 * Logs what was meant by a refused prefix that differs from a right one in case and spaces only; the answer is AWS's.
 */
function hintAtPrefixes({ ExtendedS3DestinationConfiguration: destination }: CreateRequest, log: Log): void {
  for (const member of ['Prefix', 'ErrorOutputPrefix'] as const) {
    const given = destination?.[member];
    const meant = given === undefined ? undefined : suggestPrefix(given);
    if (meant !== undefined) log(`${member} ${given} was refused; did you mean ${meant} ?`);
  }
}

import { randomUUID } from 'node:crypto';
import { localAccountId as accountId } from '@millrace/kit/local-aws';
import { AwsError } from '../json-service/aws-error.js';
import { type Answers, type RunOperation, runnerOf, shapedOperations } from '../json-service/operations.js';
import type { Log } from '../service.js';
import type { Clock } from './clock.js';
import { conversionOf, findSchema, type Tables } from './conversion/find-schema.js';
import type { Definitions, DeliveryStreamDefinition } from './definitions.js';
import { arnOf, describe, statusOf, typeOf } from './description.js';
import { directPutOperations } from './direct-put/operations.js';
import type { DirectPut } from './direct-put/put-records.js';
import { encryptionOf, requireDirectPut } from './encryption.js';
import { type FunctionSources, findFunction } from './lambda/functions.js';
import type { Meter } from './meter.js';
import { parameterOf, processorOf } from './plan.js';
import { suggestPrefix } from './prefix.js';
import { type CreateRequest, type ExtendedS3Destination, refusalOf, requests } from './request-model.js';
import { tagsPage, withoutTags, withTags } from './tags.js';
import { asCreation, updatedDestination } from './update-destination.js';
import { validateCreation } from './validation.js';

/** The API's operations. What a change means for delivery is told to `created`, `changed` and `deleted`. */
export function createControlPlane({
  definitions,
  clock,
  log,
  created,
  changed,
  deleted,
  directPut,
  meter,
  functions = {},
  tables,
}: {
  definitions: Definitions;
  clock: Clock;
  log: Log;
  /** Called when the delivery stream is on disk. */
  created: (definition: DeliveryStreamDefinition) => void;
  /** Called when a new configuration is on disk. */
  changed: (definition: DeliveryStreamDefinition) => void;
  /** Where records for it are put. */
  directPut: (definition: DeliveryStreamDefinition) => Promise<DirectPut>;
  meter: (deliveryStream: string) => Meter;
  functions?: FunctionSources;
  /** Glue's, where records are converted to a table's columns. */
  tables?: Tables | undefined;
  /** Called when its deletion is on disk; it stays DELETING until somebody removes its definition. */
  deleted: (definition: DeliveryStreamDefinition) => void;
}): RunOperation<Promise<object>> {
  const creating = new Set<string>();

  const notFound = (name: string) =>
    new AwsError('ResourceNotFoundException', `Firehose ${name} under account ${accountId} not found.`);

  function find(name: string): DeliveryStreamDefinition {
    const definition = definitions.get(name);
    if (definition) return definition;
    throw notFound(name);
  }

  function active(definition: DeliveryStreamDefinition | undefined, name: string): DeliveryStreamDefinition {
    if (!definition) throw notFound(name);
    const status = statusOf(definition, clock.now());
    if (status !== 'ACTIVE')
      throw new AwsError(
        'ResourceInUseException',
        `Firehose ${name} under account ${accountId} is in ${status} state.`,
      );
    return definition;
  }

  async function validated(request: CreateRequest): Promise<ExtendedS3Destination> {
    try {
      const destination = await validateCreation(request);
      const conversion = conversionOf(destination);
      if (conversion) findSchema(conversion, tables);
      const arn = parameterOf(processorOf(destination, 'Lambda'), 'LambdaArn');
      if (arn !== undefined)
        await findFunction(arn, functions).catch((error: Error) => {
          throw new AwsError(
            'InvalidArgumentException',
            `Not supported by the embedded Data Firehose: ${error.message}.`,
          );
        });
      return destination;
    } catch (error) {
      hintAtPrefixes(request, log);
      throw error;
    }
  }

  async function create(request: CreateRequest) {
    const name = request.DeliveryStreamName;
    const destination = await validated(request);
    const input = request.DeliveryStreamEncryptionConfigurationInput;
    const encryption = input && encryptionOf(input, clock.now());
    if (definitions.get(name) || creating.has(name))
      throw new AwsError('ResourceInUseException', `Firehose ${name} under accountId ${accountId} already exists`);
    creating.add(name);
    try {
      const definition: DeliveryStreamDefinition = {
        id: randomUUID(),
        name,
        ...(request.KinesisStreamSourceConfiguration ? { source: request.KinesisStreamSourceConfiguration } : {}),
        ...(request.DirectPutSourceConfiguration ? { directPut: request.DirectPutSourceConfiguration } : {}),
        ...(encryption ? { encryption } : {}),
        destination,
        tags: request.Tags ?? [],
        version: 1,
        createdMs: clock.now(),
      };
      await definitions.put(definition);
      created(definition);
    } finally {
      creating.delete(name);
    }
    return { DeliveryStreamARN: arnOf(name) };
  }

  const operations: Answers<typeof requests, Promise<object>> = {
    CreateDeliveryStream: create,

    async DescribeDeliveryStream({ DeliveryStreamName }) {
      return { DeliveryStreamDescription: describe(find(DeliveryStreamName), clock.now()) };
    },

    async ListDeliveryStreams({ Limit = 10, DeliveryStreamType, ExclusiveStartDeliveryStreamName: after }) {
      const names = definitions
        .all()
        .filter((definition) => DeliveryStreamType === undefined || typeOf(definition) === DeliveryStreamType)
        .map(({ name }) => name);
      const rest = after === undefined ? names : names.filter((name) => name > after);
      return { DeliveryStreamNames: rest.slice(0, Limit), HasMoreDeliveryStreams: rest.length > Limit };
    },

    async DeleteDeliveryStream({ DeliveryStreamName }) {
      // Deleting what is being deleted is no failure.
      if (statusOf(find(DeliveryStreamName), clock.now()) === 'DELETING') return {};
      const marked = await definitions.edit(DeliveryStreamName, (current) => ({
        ...active(current, DeliveryStreamName),
        deleting: true as const,
      }));
      deleted(marked);
      return {};
    },

    async ListTagsForDeliveryStream({ DeliveryStreamName, ExclusiveStartTagKey, Limit = 50 }) {
      return tagsPage(find(DeliveryStreamName).tags, ExclusiveStartTagKey, Limit);
    },

    async TagDeliveryStream({ DeliveryStreamName, Tags }) {
      await definitions.edit(DeliveryStreamName, (definition) => ({
        ...active(definition, DeliveryStreamName),
        tags: withTags(definition!.tags, Tags),
      }));
      return {};
    },

    async UntagDeliveryStream({ DeliveryStreamName, TagKeys }) {
      await definitions.edit(DeliveryStreamName, (definition) => ({
        ...active(definition, DeliveryStreamName),
        tags: withoutTags(definition!.tags, TagKeys),
      }));
      return {};
    },

    async UpdateDestination(request) {
      const name = request.DeliveryStreamName;
      const definition = active(definitions.get(name), name);
      const destination = await validated(asCreation(definition, updatedDestination(definition, request)));
      const updated = await definitions.edit(name, (current) => {
        // Another update may have come first while this one was looked at.
        updatedDestination(active(current, name), request);
        return { ...current!, destination, version: current!.version + 1, updatedMs: clock.now() };
      });
      changed(updated);
      return {};
    },

    async StartDeliveryStreamEncryption({ DeliveryStreamName: name, DeliveryStreamEncryptionConfigurationInput }) {
      const encryption = encryptionOf(DeliveryStreamEncryptionConfigurationInput, clock.now());
      await definitions.edit(name, (definition) => {
        requireDirectPut(active(definition, name));
        return { ...definition!, encryption };
      });
      log(`${name}: server-side encryption is answered for, but what lies on this disk is not encrypted`);
      return {};
    },

    async StopDeliveryStreamEncryption({ DeliveryStreamName: name }) {
      await definitions.edit(name, (definition) => {
        requireDirectPut(active(definition, name));
        const { encryption } = definition!;
        return { ...definition!, encryption: { ...encryption, on: false, sinceMs: clock.now() } };
      });
      return {};
    },

    ...directPutOperations(async (name) => {
      const definition = find(name);
      const { source, encryption } = definition;
      if (source)
        throw new AwsError(
          'InvalidArgumentException',
          'This operation is not permitted on KinesisStreamAsSource delivery stream type.',
        );
      const status = statusOf(definition, clock.now());
      if (status === 'DELETING') throw notFound(name);
      if (status === 'CREATING')
        throw new AwsError('ServiceUnavailableException', `Firehose ${name} is in ${status} state.`, 503);
      return { directPut: await directPut(definition), encrypted: encryption?.on === true, meter: meter(name) };
    }),
  };

  return runnerOf('Data Firehose', shapedOperations<typeof requests, Promise<object>>(requests, refusalOf, operations));
}

/** A refused prefix that differs from a right one in case and spaces only: the answer is AWS's, the log says what was meant. */
function hintAtPrefixes({ ExtendedS3DestinationConfiguration: destination }: CreateRequest, log: Log): void {
  for (const member of ['Prefix', 'ErrorOutputPrefix'] as const) {
    const given = destination?.[member];
    const meant = given === undefined ? undefined : suggestPrefix(given);
    if (meant !== undefined) log(`${member} ${given} was refused; did you mean ${meant} ?`);
  }
}

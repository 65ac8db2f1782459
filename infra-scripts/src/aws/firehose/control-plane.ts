import { randomUUID } from 'node:crypto';
import { AwsError } from '../json-protocol.js';
import { accountId, type Log } from '../part.js';
import type { Clock } from './clock.js';
import type { Definitions, DeliveryStreamDefinition } from './definitions.js';
import { arnOf, describe, statusOf } from './description.js';
import { suggestPrefix } from './prefix.js';
import { type CreateRequest, parseRequest, type Requests } from './request-model.js';
import { validateCreation } from './validation.js';

/** Answers the API's operations. What a change means for delivery is told to `created` and `deleted`. */
export interface ControlPlane {
  /** @throws AwsError */
  answer(operation: string, body: Record<string, unknown>): Promise<object>;
}

export function createControlPlane({
  definitions,
  clock,
  log,
  created,
  deleted,
}: {
  definitions: Definitions;
  clock: Clock;
  log: Log;
  /** Called when the delivery stream is on disk. */
  created: (definition: DeliveryStreamDefinition) => void;
  /** Called when its deletion is on disk; it stays DELETING until somebody removes its definition. */
  deleted: (definition: DeliveryStreamDefinition) => void;
}): ControlPlane {
  const creating = new Set<string>();

  function find(name: string): DeliveryStreamDefinition {
    const definition = definitions.get(name);
    if (definition) return definition;
    throw new AwsError('ResourceNotFoundException', `Firehose ${name} under account ${accountId} not found.`);
  }

  async function create(request: CreateRequest) {
    const name = request.DeliveryStreamName;
    const destination = await validateCreation(request).catch((error: unknown) => {
      hintAtPrefixes(request, log);
      throw error;
    });
    if (definitions.get(name) || creating.has(name))
      throw new AwsError('ResourceInUseException', `Firehose ${name} under accountId ${accountId} already exists`);
    if (destination.CloudWatchLoggingOptions?.Enabled)
      log(
        `${name}: CloudWatchLoggingOptions are kept but there is no CloudWatch Logs here; what goes wrong is said in this log`,
      );
    creating.add(name);
    try {
      const definition: DeliveryStreamDefinition = {
        id: randomUUID(),
        name,
        source: request.KinesisStreamSourceConfiguration!,
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

  const operations: { [Operation in keyof Requests]: (request: Requests[Operation]) => Promise<object> } = {
    CreateDeliveryStream: create,

    async DescribeDeliveryStream({ DeliveryStreamName }) {
      return { DeliveryStreamDescription: describe(find(DeliveryStreamName), clock.now()) };
    },

    async ListDeliveryStreams({ Limit = 10, DeliveryStreamType, ExclusiveStartDeliveryStreamName: after }) {
      // Every delivery stream here has a Kinesis stream as its source.
      const names =
        (DeliveryStreamType ?? 'KinesisStreamAsSource') === 'KinesisStreamAsSource'
          ? definitions.all().map(({ name }) => name)
          : [];
      const rest = after === undefined ? names : names.filter((name) => name > after);
      return { DeliveryStreamNames: rest.slice(0, Limit), HasMoreDeliveryStreams: rest.length > Limit };
    },

    async DeleteDeliveryStream({ DeliveryStreamName }) {
      const definition = find(DeliveryStreamName);
      const status = statusOf(definition, clock.now());
      if (status === 'CREATING')
        throw new AwsError(
          'ResourceInUseException',
          `Firehose ${DeliveryStreamName} under account ${accountId} is in ${status} state.`,
        );
      if (status === 'ACTIVE') {
        const marked: DeliveryStreamDefinition = { ...definition, deleting: true };
        await definitions.put(marked);
        deleted(marked);
      }
      return {};
    },

    async ListTagsForDeliveryStream({ DeliveryStreamName, ExclusiveStartTagKey: after, Limit = 50 }) {
      const tags = find(DeliveryStreamName).tags;
      const rest = after === undefined ? tags : tags.slice(tags.findIndex(({ Key }) => Key === after) + 1);
      return { Tags: rest.slice(0, Limit), HasMoreTags: rest.length > Limit };
    },
  };

  return {
    async answer(operation, body) {
      if (!Object.hasOwn(operations, operation))
        throw new AwsError(
          'UnknownOperationException',
          `This embedded Data Firehose has no operation ${operation}; it has ${Object.keys(operations).join(', ')}.`,
        );
      const known = operation as keyof Requests;
      return (operations[known] as (request: unknown) => Promise<object>)(parseRequest(known, body));
    },
  };
}

/** A refused prefix that differs from a right one in case and spaces only: the answer is AWS's, the log says what was meant. */
function hintAtPrefixes({ ExtendedS3DestinationConfiguration: destination }: CreateRequest, log: Log): void {
  for (const member of ['Prefix', 'ErrorOutputPrefix'] as const) {
    const given = destination?.[member];
    const meant = given === undefined ? undefined : suggestPrefix(given);
    if (meant !== undefined) log(`${member} ${given} was refused; did you mean ${meant} ?`);
  }
}

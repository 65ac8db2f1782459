import { type RunOperation, runnerOf, shapedOperations } from '../../json-service/operations.js';
import { type ApiContext, find, requireActive } from './context.js';
import { checkedConfiguration, createDeliveryStream } from './create-delivery-stream.js';
import { describe, statusOf, typeOf } from './description.js';
import { encryptionOperations } from './encryption-operations.js';
import { putOperations } from './put-operations.js';
import { refusalOf } from './refusal.js';
import { type OperationAnswers, requests } from './request-model.js';
import { tagOperations } from './tag-operations.js';
import { asCreation, updatedDestination } from './update-destination.js';

/** The operations of the API. */
export function createControlPlane(context: ApiContext): RunOperation<Promise<object>> {
  const operations = shapedOperations<typeof requests, Promise<object>>(requests, refusalOf, {
    CreateDeliveryStream: createDeliveryStream(context),
    ...deliveryStreamOperations(context),
    ...tagOperations(context),
    ...encryptionOperations(context),
    ...putOperations(context),
  });
  return runnerOf('Data Firehose', operations);
}

function deliveryStreamOperations(
  context: ApiContext,
): OperationAnswers<'DescribeDeliveryStream' | 'ListDeliveryStreams' | 'DeleteDeliveryStream' | 'UpdateDestination'> {
  const { definitions, clock, deliveries } = context;
  return {
    async DescribeDeliveryStream({ DeliveryStreamName }) {
      return { DeliveryStreamDescription: describe(find(context, DeliveryStreamName), clock.wallMs()) };
    },

    async ListDeliveryStreams({ Limit = 10, DeliveryStreamType, ExclusiveStartDeliveryStreamName: after }) {
      const names = definitions
        .all()
        .filter((definition) => DeliveryStreamType === undefined || typeOf(definition) === DeliveryStreamType)
        .map(({ name }) => name);
      const rest = after === undefined ? names : names.filter((name) => name > after);
      return { DeliveryStreamNames: rest.slice(0, Limit), HasMoreDeliveryStreams: rest.length > Limit };
    },

    async DeleteDeliveryStream({ DeliveryStreamName: name }) {
      // A second deletion is not a failure.
      if (statusOf(find(context, name), clock.wallMs()) === 'DELETING') return {};
      const marked = await definitions.edit(name, (current) => ({
        ...requireActive(context, current, name),
        deleting: true as const,
      }));
      deliveries.remove(marked);
      return {};
    },

    async UpdateDestination(request) {
      const name = request.DeliveryStreamName;
      const definition = requireActive(context, definitions.get(name), name);
      const destination = updatedDestination(definition, request);
      const configuration = await checkedConfiguration(context, asCreation(definition, destination));
      const updated = await definitions.edit(name, (current) => {
        // Another update may have come first while this one was checked.
        updatedDestination(requireActive(context, current, name), request);
        return { ...current!, destination, version: current!.version + 1, updatedMs: clock.wallMs() };
      });
      deliveries.renew(updated, configuration);
      return {};
    },
  };
}

import { type ApiContext, find, requireActive } from './context.js';
import type { OperationAnswers } from './request-model.js';
import { tagsPage, withoutTags, withTags } from './tags.js';

/** List, set and remove the tags of a delivery stream. */
export function tagOperations(
  context: ApiContext,
): OperationAnswers<'ListTagsForDeliveryStream' | 'TagDeliveryStream' | 'UntagDeliveryStream'> {
  const { definitions } = context;
  return {
    async ListTagsForDeliveryStream({ DeliveryStreamName, ExclusiveStartTagKey, Limit = 50 }) {
      return tagsPage(find(context, DeliveryStreamName).tags, ExclusiveStartTagKey, Limit);
    },

    async TagDeliveryStream({ DeliveryStreamName, Tags }) {
      await definitions.edit(DeliveryStreamName, (definition) => ({
        ...requireActive(context, definition, DeliveryStreamName),
        tags: withTags(definition!.tags, Tags),
      }));
      return {};
    },

    async UntagDeliveryStream({ DeliveryStreamName, TagKeys }) {
      await definitions.edit(DeliveryStreamName, (definition) => ({
        ...requireActive(context, definition, DeliveryStreamName),
        tags: withoutTags(definition!.tags, TagKeys),
      }));
      return {};
    },
  };
}

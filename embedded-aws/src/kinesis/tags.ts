import { AwsError } from '../json-service/aws-error.js';
import type { Rule, Rules } from './check-types.js';
import type { KinesisStore } from './store.js';
import { count, type Input, requiredName, validated } from './validation.js';

/** The most that a stream may have. */
const mostTags = 50;

/** Tags by key. */
export const tagsRule: Rule = {
  type: 'Map',
  lengthGreaterThanOrEqual: 1,
  lengthLessThanOrEqual: mostTags,
  childKeyLengths: [1, 128],
  childValueLengths: [0, 256],
  children: { type: 'String', notNull: true },
};

/** @throws AwsError InvalidArgumentException for a character that AWS does not take in tags */
export function checkCharacters(texts: readonly string[]): void {
  if (texts.some((text) => /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u.test(text)))
    throw new AwsError(
      'InvalidArgumentException',
      'Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . : / = + - @.',
    );
}

/** AddTagsToStream. @throws AwsError */
export async function addTags(store: KinesisStore, input: Input): Promise<object> {
  const rules: Rules = { Tags: { ...tagsRule, notNull: true }, StreamName: requiredName };
  const { StreamName, Tags } = validated(rules, input) as { StreamName: string; Tags: Record<string, string> };
  checkCharacters(Object.entries(Tags).flat());
  await store.update(StreamName, (stream) => {
    const tags = { ...stream.tags, ...Tags };
    if (Object.keys(tags).length > mostTags)
      throw new AwsError('InvalidArgumentException', `Stream ${StreamName} cannot have more than ${mostTags} tags.`);
    stream.tags = tags;
  });
  return {};
}

/** RemoveTagsFromStream. @throws AwsError */
export async function removeTags(store: KinesisStore, input: Input): Promise<object> {
  const rules: Rules = {
    TagKeys: {
      type: 'List',
      notNull: true,
      lengthGreaterThanOrEqual: 1,
      lengthLessThanOrEqual: mostTags,
      childLengths: [1, 128],
      children: { type: 'String', notNull: true },
    },
    StreamName: requiredName,
  };
  const { StreamName, TagKeys } = validated(rules, input) as { StreamName: string; TagKeys: string[] };
  checkCharacters(TagKeys);
  await store.update(StreamName, (stream) => {
    for (const key of TagKeys) delete stream.tags[key];
  });
  return {};
}

/** ListTagsForStream. @throws AwsError */
export async function listTags(store: KinesisStore, input: Input): Promise<object> {
  const rules: Rules = {
    Limit: count(mostTags),
    ExclusiveStartTagKey: { type: 'String', lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 128 },
    StreamName: requiredName,
  };
  const { StreamName, Limit, ExclusiveStartTagKey } = validated(rules, input) as {
    StreamName: string;
    Limit?: number;
    ExclusiveStartTagKey?: string;
  };
  const { tags } = await store.stream(StreamName);
  const after = Object.keys(tags)
    .sort()
    .filter((key) => ExclusiveStartTagKey === undefined || key > ExclusiveStartTagKey);
  const page = after.slice(0, Limit ?? mostTags);
  return { Tags: page.map((Key) => ({ Key, Value: tags[Key] })), HasMoreTags: after.length > page.length };
}

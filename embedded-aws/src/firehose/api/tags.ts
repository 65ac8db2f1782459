import { AwsError } from '../../json-service/aws-error.js';

/** A tag as the API has it. */
export interface Tag {
  Key: string;
  Value?: string | undefined;
}

const maxTags = 50;

/** A key that is there already gets the new value. @throws AwsError LimitExceededException */
export function withTags(tags: readonly Tag[], given: readonly Tag[]): Tag[] {
  const all = new Map([...tags, ...given].map((tag) => [tag.Key, tag]));
  if (all.size > maxTags)
    throw new AwsError('LimitExceededException', `A Firehose can have ${maxTags} tags, and would have ${all.size}.`); // ours
  return [...all.values()];
}

/** The tags whose keys are not given. */
export const withoutTags = (tags: readonly Tag[], keys: readonly string[]): Tag[] =>
  tags.filter(({ Key }) => !keys.includes(Key));

/** A page of tags in their order. @param after the last key of the page before */
export function tagsPage(tags: readonly Tag[], after: string | undefined, limit: number) {
  const rest = after === undefined ? tags : tags.slice(tags.findIndex(({ Key }) => Key === after) + 1);
  return { Tags: rest.slice(0, limit), HasMoreTags: rest.length > limit };
}

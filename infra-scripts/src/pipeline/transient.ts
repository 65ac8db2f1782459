/**
 * What Firehose says while a role or policy, made a moment ago, has not reached it yet: the list that Terraform's AWS
 * provider waits out too.
 */
const propagating = [
  'Firehose is unable to assume role',
  'Access was denied',
  'is not authorized to',
  'Verify that the IAM role has access',
  'The security token included in the request is invalid',
];

/**
 * Whether an AWS error is transient, gone in a minute or two: IAM still spreading, or too many control calls at once.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (/^(LimitExceeded|Throttling|ConcurrentModification)Exception$/.test(error.name)) {
    // A quota of streams or shards does not pass with time.
    return !/shard|quota|number of (delivery )?streams/i.test(error.message);
  }
  // The caller's own missing permission does not pass with time either.
  if (error.name === 'AccessDeniedException') return false;
  return propagating.some((words) => error.message.includes(words));
}

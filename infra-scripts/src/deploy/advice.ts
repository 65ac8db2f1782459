import { MillraceError } from '@millrace/kit/millrace-error';

/** What a resource's failure means, by words in it, and what to do. */
const known: [words: RegExp, advice: string][] = [
  [
    /unable to assume role|Verify that the IAM role has access|security token included in the request is invalid/i,
    'Firehose could not use the new role yet; `millrace up` retries by itself, and running it again is safe',
  ],
  [
    /already exists|AlreadyOwnedByYou|BucketAlreadyExists/i,
    'a resource of that name exists already. `millrace up` uses a lake that an earlier stack left; for anything else choose another name, or delete it',
  ],
  [
    /LimitExceeded|limit exceeded|quota|maximum number/i,
    'a quota of the account: raise it in Service Quotas, or delete what you do not need (`millrace plan` names the quotas)',
  ],
  [
    /not authorized|AccessDenied|Access Denied|explicit deny/i,
    'the credentials lack this permission (docs/on-aws.md lists them all), or a policy of the organisation forbids it',
  ],
  [
    /Received \d+ FAILURE signal|failed to receive|Failed to receive \d+ resource signal|timed out|WaitCondition/i,
    'a host did not start: `millrace logs` has its boot log under INSTANCE/boot (no release in the bucket, no write keys, no Node package)',
  ],
  [/certificate/i, 'the certificate must be issued, in AWS Certificate Manager, in the same region'],
  [/InvalidAMI|ImageId|architecture/i, 'the instance type and the image must be of the same architecture'],
];

/** `NO_CREDENTIALS`: the AWS SDK found none, or AWS does not accept them. */
export const credentialsError = (cause: Error): MillraceError =>
  new MillraceError(
    'NO_CREDENTIALS',
    `AWS credentials are missing or invalid (${cause.message}). Log in first: aws configure sso, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    { cause },
  );

/** What to do about a resource that failed, where that is known. */
export function adviceFor(reason: string): string | undefined {
  return known.find(([words]) => words.test(reason))?.[1];
}

/** Whether a failure is transient: a role that has not reached Firehose yet, or too many calls. */
export function isTransientFailure(reason: string): boolean {
  return /unable to assume role|Verify that the IAM role has access|Throttling|Rate exceeded/i.test(reason);
}

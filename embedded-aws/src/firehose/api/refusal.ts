import type { z } from 'zod';
import { AwsError } from '../../json-service/aws-error.js';

/**
 * How Data Firehose refuses a request that does not have the shape of its operation: ValidationException or
 * SerializationException.
 */
export function refusalOf({ issues }: z.ZodError): AwsError {
  const mistyped = issues.find(
    (issue) => issue.code === 'invalid_type' && issue.input !== undefined && issue.input !== null,
  );
  if (mistyped?.code === 'invalid_type')
    return new AwsError('SerializationException', `${pathOf(mistyped.path)} must be of type ${mistyped.expected}.`);
  const constraints = issues.map(constraintOf);
  return new AwsError(
    'ValidationException',
    `${constraints.length} validation error${constraints.length > 1 ? 's' : ''} detected: ${constraints.join('; ')}`,
  );
}

/** `extendedS3DestinationConfiguration.processingConfiguration.processors.1.member.type` */
const pathOf = (path: readonly PropertyKey[]) =>
  path
    .map((step) =>
      typeof step === 'number' ? `${step + 1}.member` : String(step).replace(/^./, (first) => first.toLowerCase()),
    )
    .join('.');

function constraintOf(issue: z.core.$ZodIssue): string {
  const value = typeof issue.input === 'object' || issue.input === undefined ? 'null' : `'${issue.input}'`;
  const failed = (constraint: string) =>
    `Value ${value} at '${pathOf(issue.path)}' failed to satisfy constraint: Member must ${constraint}`;
  switch (issue.code) {
    case 'invalid_type':
      return failed('not be null');
    case 'invalid_value':
      return issue.input === undefined
        ? failed('not be null')
        : failed(`satisfy enum value set: [${issue.values.join(', ')}]`);
    case 'too_small':
      return failed(
        `have ${issue.origin === 'string' || issue.origin === 'array' ? 'length' : 'value'} greater than or equal to ${issue.minimum}`,
      );
    case 'too_big':
      return failed(
        `have ${issue.origin === 'string' || issue.origin === 'array' ? 'length' : 'value'} less than or equal to ${issue.maximum}`,
      );
    case 'invalid_format':
      return failed(`satisfy regular expression pattern: ${String(issue.pattern).replace(/^\/\^?|\$?\/$/g, '')}`);
    case 'unrecognized_keys': {
      const at = issue.path.length > 0 ? ` in '${pathOf(issue.path)}'` : '';
      return `${issue.keys.join(', ')}${at} is not known to this Data Firehose`;
    }
    default:
      return `'${pathOf(issue.path)}': ${issue.message}`;
  }
}

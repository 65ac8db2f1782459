import { isMillraceError, type MillraceError } from '@millrace/kit/millrace-error';
import { queryError } from '../query-error.js';

/** An error of an AWS call, in words that a person can act on. One that is a `MillraceError` already stays as it is. */
export function callError(service: 'Athena' | 'S3', error: unknown): MillraceError {
  if (isMillraceError(error)) return error;
  const { name, message, code } = error as Error & { code?: string };
  // Athena's own word on the SQL.
  if (name === 'InvalidRequestException') return queryError('QUERY_FAILED', message, { cause: error });
  return queryError('AWS_CALL_FAILED', explanation(service, { name, message, code }), { cause: error });
}

function explanation(
  service: string,
  { name, message, code }: { name: string; message: string; code?: string | undefined },
) {
  if (name === 'CredentialsProviderError')
    return `AWS credentials are missing or invalid (${message}): run aws configure sso, or set AWS_PROFILE or AWS_ACCESS_KEY_ID`;
  if (/Region is missing/.test(message)) return 'the AWS region is missing: set AWS_REGION';
  return `${service} call failed: ${code ?? name}: ${message}`;
}

import { type FailureKind, SinkError } from '../core/delivery/sink.js';

const throttles = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'ThrottlingException',
  'KMSThrottlingException',
]);
const misconfigurations = new Set([
  'ResourceNotFoundException',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'ExpiredTokenException',
  'InvalidArgumentException',
  'ValidationException',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  'KMSInvalidStateException',
  'KMSNotFoundException',
  'KMSOptInRequired',
  'CredentialsProviderError',
]);

/** What a failure of the AWS client, or of a call made without it, means for the delivery. */
export function toSinkError(error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  let kind: FailureKind = 'unreachable';
  if (throttles.has(name ?? '')) kind = 'throttled';
  else if (misconfigurations.has(name ?? '') || message === 'Region is missing') kind = 'misconfigured';
  const named = code ?? (name === undefined || name === 'Error' ? 'Error' : name);
  return new SinkError(kind, named, message || named);
}

interface ErrorBody {
  __type?: unknown;
  message?: unknown;
  Message?: unknown;
}

/** NoSuchThing, of `com.amazonaws.kinesis#NoSuchThing:http://…`. */
const bareName = (type: string) => type.split(':')[0]!.split('#').at(-1)!;

/**
 * The error in an answer with another status than 200: its name stands in a header or in the body.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
 */
export function errorOf(status: number, headers: Record<string, string>, text: string): SinkError {
  let body: ErrorBody = {};
  try {
    body = (JSON.parse(text) as ErrorBody | null) ?? {};
  } catch {
    // A proxy's page, say: only the status tells.
  }
  const type = headers['x-amzn-errortype'] ?? body.__type;
  const name = typeof type === 'string' && type !== '' ? bareName(type) : `HTTP ${status}`;
  const message = body.message ?? body.Message;
  return toSinkError({ name, message: typeof message === 'string' && message !== '' ? message : `HTTP ${status}` });
}

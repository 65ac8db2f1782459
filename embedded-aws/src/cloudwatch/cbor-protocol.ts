import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { AwsError } from '../json-service/aws-error.js';
import type { Body, RunOperation } from '../json-service/operations.js';
import { readBody } from '../json-service/read-request.js';
import { mapDates } from './dates.js';

/** CloudWatch's protocol of today's SDKs: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html */
const path = /^\/service\/GraniteServiceVersion20100801\/operation\/(\w+)$/;

/** Whether a request speaks CBOR (Smithy RPC v2). */
export const isCborCall = ({ url, headers }: IncomingMessage): boolean =>
  headers['smithy-protocol'] === 'rpc-v2-cbor' && path.test(url ?? '');

/** Reads the request as CBOR, runs its operation and answers it, or the AwsError, as CBOR. */
export async function answerCbor(
  run: RunOperation<object>,
  maxBodyBytes: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let status = 200;
  let answer: unknown;
  try {
    const bytes = await readBody(request, maxBodyBytes);
    const body: unknown = bytes.length === 0 ? {} : cbor.deserialize(bytes);
    answer = mapDates(run(path.exec(request.url!)![1]!, untagged(body) as Body), dateToTag);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    status = error.status;
    answer = { __type: `com.amazonaws.cloudwatch#${error.name}`, message: error.message };
  }
  response.writeHead(status, {
    'content-type': 'application/cbor',
    'smithy-protocol': 'rpc-v2-cbor',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(cbor.serialize(answer));
}

/** A time comes as a number of seconds with the tag 1. */
function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const { tag, value: inner } = value as { tag?: unknown; value?: unknown };
  if (tag === 1) return Number(inner);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, untagged(member)]));
}

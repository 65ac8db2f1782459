import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * The AWS JSON 1.1 protocol, which Kinesis and Data Firehose speak: the operation is in `x-amz-target`, errors carry their name in
 * `__type`. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
const contentType = 'application/x-amz-json-1.1';

/** An error that a service answers with: its name as in the service's model, and its HTTP status. */
export class AwsError extends Error {
  constructor(
    /** As in the service's model: `ResourceNotFoundException`. */
    override readonly name: string,
    message: string,
    readonly status: number = 400,
  ) {
    super(message);
  }
}

/** `{ service: 'Firehose_20150804', operation: 'CreateDeliveryStream' }`, or nothing when the header is absent or malformed. */
export function targetOf(request: IncomingMessage): { service: string; operation: string } | undefined {
  const header = request.headers['x-amz-target'];
  const match = typeof header === 'string' ? /^(\w+)\.(\w+)$/.exec(header) : null;
  return match ? { service: match[1]!, operation: match[2]! } : undefined;
}

/**
 * The whole body. One that is too large is refused as soon as that is known; what is still coming is then thrown away, so that the client
 * reads the answer instead of a broken connection.
 * @throws AwsError RequestEntityTooLargeException past `maxBytes`; Error when the client goes away before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = () => {
      request.removeListener('data', collect);
      request.resume();
      reject(new AwsError('RequestEntityTooLargeException', `The body is larger than ${maxBytes} bytes.`, 413));
    };
    const collect = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) refuse();
      else chunks.push(chunk);
    };
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away in the middle of its request'));
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
    if (Number(request.headers['content-length']) > maxBytes) refuse();
    else request.on('data', collect);
  });
}

/** @throws AwsError SerializationException when the text is not a JSON object. */
export function parseJsonBody(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered below, with the case of JSON that is no object.
  }
  throw new AwsError('SerializationException', 'The body is not a JSON object.');
}

export function sendJson(response: ServerResponse, value: object, status = 200): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}

export function sendAwsError(response: ServerResponse, error: AwsError): void {
  response.setHeader('x-amzn-errortype', error.name);
  sendJson(response, { __type: error.name, message: error.message }, error.status);
}

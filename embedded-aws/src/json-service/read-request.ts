import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.js';

/**
 * `{ service: 'Firehose_20150804', operation: 'CreateDeliveryStream' }`, or nothing when the header is absent or
 * malformed.
 */
export function targetOf(request: IncomingMessage): { service: string; operation: string } | undefined {
  const header = request.headers['x-amz-target'];
  const match = typeof header === 'string' ? /^(\w+)\.(\w+)$/.exec(header) : null;
  return match ? { service: match[1]!, operation: match[2]! } : undefined;
}

/**
 * The whole body. One that is too large is refused as soon as that is known; what is still coming is then thrown away,
 * so that the client reads the answer instead of a broken connection.
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
    // Refused below, like JSON that is not an object.
  }
  throw new AwsError('SerializationException', 'The body is not a JSON object.');
}

import type { IncomingMessage } from 'node:http';
import type { RequestErrorCode } from '@millrace/sdk/schema';
import { RequestError } from '../core/request-error.js';

/**
 * Reads a request's body. One above `maxBytes` is refused at once, but read to its end and thrown away: a browser whose
 * connection is closed while it sends never sees the answer. The server's request timeout bounds that.
 */
export function readBody(
  stream: IncomingMessage,
  maxBytes: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  let parts: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const finish = (error: Error | null, body?: Buffer) => {
    isDone = true;
    // This closure lives as long as the request, which waits for its answer: the body must not.
    parts = [];
    done(error, body);
  };
  // Later errors of the connection do not matter, but must have a listener.
  const refuse = (code: RequestErrorCode, message: string) => {
    if (!isDone) finish(new RequestError(code, message));
  };
  stream
    .on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBytes) refuse('too_large', `the body has more than ${maxBytes} bytes: split the batch`);
      else parts.push(part);
    })
    .on('end', () => {
      if (!isDone) finish(null, parts.length === 1 ? parts[0] : Buffer.concat(parts));
    })
    .on('error', (error) => refuse('unreadable', `the body did not arrive: ${error.message}`))
    .on('close', () => refuse('unreadable', 'the body did not arrive: the connection was closed'));
}

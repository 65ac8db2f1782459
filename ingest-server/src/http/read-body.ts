import type { IncomingMessage } from 'node:http';
import type { RequestErrorCode } from '@millrace/sdk/schema';
import { RequestError } from '../core/request-error.js';

/**
 * A request's body, at most `maxBytes` of it. A longer one is refused at once but read to its end, unseen, because a browser
 * whose connection is closed while it sends never sees the answer. How long that may take is the server's request timeout.
 */
export function readBody(
  stream: IncomingMessage,
  maxBytes: number,
  done: (error: Error | null, body?: Buffer) => void,
) {
  let parts: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const finish = (error: Error | null, body?: Buffer) => {
    isDone = true;
    // These live as long as the request, which waits for its answer: the body must not.
    parts = [];
    done(error, body);
  };
  // Whatever still happens to this connection after that is no matter of ours, but it has to be listened to.
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

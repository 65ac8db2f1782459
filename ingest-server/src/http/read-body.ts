import type { IncomingMessage } from 'node:http';
import { RequestError } from '../request-error.js';

/**
 * A request's body, at most `maxBytes` of it. A longer one is refused at once but read to its end, unseen, because a browser
 * whose connection is closed while it sends never sees the answer. How long that may take is the server's request timeout.
 */
export function readBody(
  stream: IncomingMessage,
  maxBytes: number,
  done: (error: Error | null, body?: Buffer) => void,
) {
  const parts: Buffer[] = [];
  let length = 0;
  const finish = (error: Error | null, body?: Buffer) => {
    stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    // Whatever still happens to this connection is no matter of ours.
    stream.on('error', () => {});
    if (error !== null) stream.resume();
    done(error, body);
  };
  const onData = (part: Buffer) => {
    length += part.length;
    if (length > maxBytes)
      finish(new RequestError('too_large', `the body has more than ${maxBytes} bytes: split the batch`));
    else parts.push(part);
  };
  const onEnd = () => finish(null, parts.length === 1 ? parts[0] : Buffer.concat(parts));
  const onError = (error: Error) => finish(new RequestError('unreadable', `the body did not arrive: ${error.message}`));
  const onClose = () => finish(new RequestError('unreadable', 'the body did not arrive: the connection was closed'));
  stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
}

import type { IncomingMessage } from 'node:http';
import type { RequestErrorCode } from '@millrace/sdk/schema';
import { RequestError } from '../core/request-error.js';

/**
 * Decides by a body's beginning whether the rest is read: false while it needs more of it. At the end of the body,
 * `isWhole`, it must decide. @throws the refusal
 */
export type Gate = (head: Buffer, isWhole: boolean) => boolean | Promise<boolean>;

/**
 * Reads a request's body. One above `maxBytes`, or that the gate refuses, is refused at once, but read to its end and
 * thrown away: a browser whose connection is closed while it sends never sees the answer. The server's request timeout
 * bounds that.
 */
export function readBody(
  stream: IncomingMessage,
  maxBytes: number,
  done: (error: Error | null, body?: Buffer) => void,
  gate?: Gate,
): void {
  let parts: Buffer[] = [];
  let length = 0;
  let isDone = false;
  let isOpen = gate === undefined;
  const finish = (error: Error | null, body?: Buffer) => {
    if (isDone) return;
    isDone = true;
    // This closure lives as long as the request, which waits for its answer: the body must not.
    parts = [];
    done(error, body);
  };
  // Later errors of the connection do not matter, but must have a listener.
  const refuse = (code: RequestErrorCode, message: string) => finish(new RequestError(code, message));
  const whole = () => (parts.length === 1 ? parts[0]! : Buffer.concat(parts));

  /** Asks the gate; while it thinks, nothing is read. */
  function ask(isWhole: boolean, then?: () => void) {
    const decide = (verdict: boolean) => {
      isOpen = verdict;
      then?.();
    };
    try {
      const verdict = gate!(whole(), isWhole);
      if (typeof verdict === 'boolean') return decide(verdict);
      stream.pause();
      verdict.then(decide, finish).finally(() => stream.resume());
    } catch (error) {
      finish(error as Error);
    }
  }

  stream
    .on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBytes) refuse('too_large', `the body has more than ${maxBytes} bytes: split the batch`);
      else if (!isDone) {
        parts.push(part);
        if (!isOpen) ask(false);
      }
    })
    .on('end', () => {
      const read = () => finish(null, whole());
      if (isOpen || isDone) read();
      else ask(true, read);
    })
    .on('error', (error) => refuse('unreadable', `the body did not arrive: ${error.message}`))
    .on('close', () => {
      if (!stream.readableEnded) refuse('unreadable', 'the body did not arrive: the connection was closed');
    });
}

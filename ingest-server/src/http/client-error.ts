import type { Socket } from 'node:net';
import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import type { Metrics } from '../plugins/metric-counters.js';
import { refusalBody, refusalHeaders } from './refusal.js';

const answers: Record<string, [code: RequestErrorCode, status: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['too_slow', '408 Request Timeout', requestErrors.too_slow.meaning],
  HPE_HEADER_OVERFLOW: ['too_large', '431 Request Header Fields Too Large', "The request's header is too large."],
};
const retryAfterS = 2;

/**
 * Answers what is not HTTP, or came too slowly, before there is a request for a route; then closes the connection. It
 * counts as a request to `/v1/events`: little else arrives, and a search for cut-off senders finds them there. A
 * connection that never sent a byte does not count: browsers open some in advance.
 */
export const createClientErrorHandler =
  (metrics: Pick<Metrics, 'refusedUnread'>, isAnswered: (socket: Socket) => boolean) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (isAnswered(socket)) return;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [code, status, message] = answers[error.code ?? ''] ?? [
      'unreadable',
      '400 Bad Request',
      'The request is not valid HTTP/1.1.',
    ];
    const body = refusalBody(code, message);
    const headers = {
      ...refusalHeaders(code, retryAfterS),
      'access-control-allow-origin': '*',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
    if (socket.bytesRead > 0) metrics.refusedUnread(code);
  };

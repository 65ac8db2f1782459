import type { Socket } from 'node:net';
import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import { errorBody } from '../core/request-error.js';
import type { Metrics } from '../plugins/metric-counters.js';

const answers: Record<string, [code: RequestErrorCode, status: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['too_slow', '408 Request Timeout', requestErrors.too_slow.meaning],
  HPE_HEADER_OVERFLOW: ['too_large', '431 Request Header Fields Too Large', "The request's header is too large."],
};

/**
 * Answers what is no HTTP, or came too slowly, before there is a request that a route could answer; then hangs up. It counts as a request to
 * `/v1/events`: little else comes, and who looks for senders that are cut off finds them. A connection that never sent a byte was no request;
 * browsers open some in advance.
 */
export const createClientErrorHandler =
  (metrics: Pick<Metrics, 'refusedUnread'>) => (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [code, status, message] = answers[error.code ?? ''] ?? [
      'unreadable',
      '400 Bad Request',
      'The request is no HTTP/1.1 that can be read.',
    ];
    const body = errorBody(code, message);
    socket.end(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\naccess-control-allow-origin: *\r\n` +
        `${code === 'too_slow' ? 'retry-after: 2\r\naccess-control-expose-headers: retry-after\r\n' : ''}` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
    if (socket.bytesRead > 0) metrics.refusedUnread(code);
  };

import type { ServerResponse } from 'node:http';

export interface EventStreamOptions {
  unreadBytes: number;
  heartbeatMs: number;
  headers: Record<string, string>;
  /** Called once, when the browser has gone or was dropped. */
  onEnd(reason: 'gone' | 'too slow'): void;
}

/**
 * Server-sent events over one response. Never waits for the browser: one that leaves more than `unreadBytes` unread is cut off, and
 * its EventSource comes back by itself after `retry`.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function openEventStream(response: ServerResponse, options: EventStreamOptions) {
  let ended = false;
  const end = (reason: 'gone' | 'too slow') => {
    if (ended) return;
    ended = true;
    clearInterval(heartbeat);
    options.onEnd(reason);
  };
  const send = (text: string) => {
    if (ended) return;
    if (response.writableLength > options.unreadBytes) {
      end('too slow');
      response.destroy();
      return;
    }
    response.write(text);
  };
  const heartbeat = setInterval(() => send(': still here\n\n'), options.heartbeatMs);
  heartbeat.unref();

  response.on('close', () => end('gone'));
  response.on('error', () => end('gone'));
  response.writeHead(200, {
    ...options.headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // A stream's connection is used for nothing after it: a server that closes need not wait for it to go idle.
    connection: 'close',
    // For proxies that would gather the answer first.
    'x-accel-buffering': 'no',
  });
  send('retry: 2000\n\n');

  return {
    send,
    /** Says goodbye; the browser may come back. */
    close(): void {
      end('gone');
      response.end();
    },
  };
}

import type { ServerResponse } from 'node:http';

/** The settings of an event stream. */
export interface EventStreamOptions {
  /** A browser with more unread bytes is disconnected. */
  unreadBytes: number;
  heartbeatMs: number;
  headers: Record<string, string>;
  /** Called once, when the browser has gone or was disconnected. */
  onEnd(reason: 'gone' | 'too slow'): void;
}

/**
 * Server-sent events over one response. It never waits for the browser: one that leaves more than `unreadBytes` unread
 * is disconnected, and its EventSource reconnects after `retry`.
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
    // So that a closing server does not wait for the connection to become idle.
    connection: 'close',
    // For proxies that buffer answers.
    'x-accel-buffering': 'no',
  });
  send('retry: 2000\n\n');

  return {
    send,
    /** Ends the stream; the browser may reconnect. */
    close(): void {
      end('gone');
      response.end();
    },
  };
}

import { answerMs } from '../bounds.js';
import { attempt } from '../browser/attempt.js';
import { later } from '../browser/time.js';

/** The server's answer. Status 0: none came. */
export interface Answer {
  status: number;
  /** The header, in seconds or as an HTTP date. */
  _retryAfter?: string | null;
  text?: string;
}

/**
 * A request without credentials, because the key is in the address. A text goes as `text/plain` without other headers,
 * so the browser sends no preflight. No redirect is followed: it would lead to somebody else, without the body.
 */
export const requestOf = (body: string | Blob): RequestInit => ({
  method: 'POST',
  body,
  credentials: 'omit',
  redirect: 'manual',
});

/** No answer, 408, 429 and 5xx are transient failures: the server may accept the same batch later. */
export const isTransient = ({ status }: Answer): boolean =>
  !status || status >= 500 || status === 408 || status === 429;

/**
 * Sends and never rejects. With `keepalive` the request outlives the page.
 * @param signal ends the waiting: then the answer is status 0
 */
export type Post = (url: string, body: string | Blob, keepalive?: boolean, signal?: AbortSignal) => Promise<Answer>;

/** Keeps the `fetch` that the page has now: what wraps it later may add headers that a server does not expect. */
export function createPost(): Post {
  const fetch = attempt(() => globalThis.fetch.bind(globalThis))!;
  return (url, body, keepalive, signal) =>
    new Promise((resolve) => {
      const aborter = attempt(() => new AbortController());
      const settle = (answer: Answer) => {
        clearTimeout(timer as number);
        resolve(answer);
      };
      const none = () => settle({ status: 0 });
      const end = () => {
        none();
        aborter?.abort();
      };
      const timer = attempt(() => later(end, answerMs));
      // A request that outlives the page goes on alone.
      signal?.addEventListener('abort', keepalive ? none : end);
      const send = async () => {
        try {
          const response = await fetch(url, { ...requestOf(body), keepalive, signal: aborter?.signal } as RequestInit);
          // Read to its end, so that the connection is free for the next request.
          const text = await response.text();
          settle({ status: response.status, _retryAfter: response.headers.get('retry-after'), text });
        } catch {
          none();
        }
      };
      void send();
    });
}

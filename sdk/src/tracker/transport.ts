import { attempt } from './attempt.js';
import { answerMs } from './bounds.js';

/** The server's answer. Status 0: none came. */
export interface Answer {
  status: number;
  retryAfter?: string | null;
  text?: string;
}

export interface Sending {
  /** Never rejects. */
  answer: Promise<Answer>;
  /** Gives the request up; its answer is status 0. */
  cancel(): void;
}

export interface Transport {
  post(url: string, body: string, keepalive?: boolean): Sending;
  /** Whether `post` with keepalive outlives the page. */
  canKeepAlive(): boolean;
  /** Hands the request to the browser, whose answer nobody sees; false when the browser does not take it. */
  beacon(url: string, body: string): boolean;
}

/**
 * Requests as the browser makes them. A text body goes as `text/plain`, and nothing else is set, so there is no preflight; without
 * credentials, because the key is in the address.
 */
export const browserTransport: Transport = {
  post(url, body, keepalive = false) {
    let cancel = () => {};
    const answer = new Promise<Answer>((resolve) => {
      const controller = attempt(() => new AbortController());
      cancel = () => {
        resolve({ status: 0 });
        attempt(() => controller?.abort());
      };
      const timer = attempt(() => setTimeout(cancel, answerMs));
      try {
        fetch(url, {
          method: 'POST',
          body,
          keepalive,
          credentials: 'omit',
          ...(controller && { signal: controller.signal }),
        })
          .then(async (response) => {
            // Read to its end, so that the connection is free for the next request.
            const text = await response.text();
            resolve({ status: response.status, retryAfter: response.headers.get('retry-after'), text });
          })
          .catch(cancel)
          .then(() => clearTimeout(timer));
      } catch {
        cancel();
      }
    });
    return { answer, cancel };
  },
  canKeepAlive: () => attempt(() => 'keepalive' in Request.prototype) ?? false,
  beacon: (url, body) => attempt(() => navigator.sendBeacon(url, body)) ?? false,
};

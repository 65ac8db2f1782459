import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';

/** Headers that let a page of any origin read an answer; `origin` is the request's. */
export const corsHeaders = (origin: string | undefined) => ({
  vary: 'Origin',
  'access-control-allow-origin': origin ?? '*',
  // sendBeacon always sends credentials, so the origin must be named and this be set; none are used.
  'access-control-allow-credentials': 'true',
});

/** Seconds until the next try, 2 to 10: spread, so that clients that were refused together do not return together. */
const randomRetryS = (): number => 2 + Math.floor(Math.random() * 9);

/** The headers of a refusal, with `Retry-After` (readable across origins) where the same request may succeed later. */
export const refusalHeaders = (code: RequestErrorCode, retryAfterS: number = randomRetryS()): Record<string, string> =>
  requestErrors[code].retry
    ? {
        'content-type': 'application/json; charset=utf-8',
        'retry-after': String(retryAfterS),
        'access-control-expose-headers': 'retry-after',
      }
    : { 'content-type': 'application/json; charset=utf-8' };

/** The body of a refusal: `{"batch","error":{"code","message"}}`; `batch` where the request names one. */
export const refusalBody = (code: RequestErrorCode, message: string, batch?: string): string =>
  JSON.stringify({ batch, error: { code, message } });

import { RequestError } from '../request-error.js';

/** Where a request exceeded a limit. */
export type LimitName = 'key' | 'address' | 'address_bytes';

const words: Record<LimitName, string> = {
  key: 'too many requests by this key',
  address: 'too many requests by this address',
  address_bytes: 'too many bytes by this address',
};

/** The refusal of a request for which there is no room for `waitMs` milliseconds. */
export function limitRefusal(by: LimitName, waitMs: number): RequestError {
  // When there is room again, but spread, so that refused clients do not return together.
  const seconds = Math.ceil(waitMs / 1000 + Math.random() * 4) + 1;
  return new RequestError('too_many_requests', `${words[by]}: wait ${seconds} s`, seconds);
}

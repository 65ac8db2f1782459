import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';

/** Why a request is refused; becomes `{"error":{"code","message"}}` with the table's status. */
export class RequestError extends Error {
  readonly statusCode: number;
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    /** Seconds until the next try, where it is known; else a random few. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.statusCode = requestErrors[code].status;
  }
}

/** Seconds until the next try, spread so that clients that were refused together do not come back together. */
export function retryAfterSeconds(random: () => number = Math.random): number {
  return 2 + Math.floor(random() * 9);
}

export const errorBody = (code: RequestErrorCode, message: string) => JSON.stringify({ error: { code, message } });

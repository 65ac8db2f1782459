import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';

/** Why a request is refused; becomes `{"error":{"code","message"}}` with the table's status. */
export class RequestError extends Error {
  readonly statusCode: number;
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    /** Seconds until the next try; a random 2 to 10 where it is undefined and the code allows another try. */
    readonly retryAfterS?: number,
  ) {
    super(message);
    this.statusCode = requestErrors[code].status;
  }
}

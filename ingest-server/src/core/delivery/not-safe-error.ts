/** Neither the stream nor the spool has the events: the request is answered with 503. */
export class NotSafeError extends Error {}

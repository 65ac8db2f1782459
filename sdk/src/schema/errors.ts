/**
 * The table of error codes: the HTTP answer, the quarantine's reason and the metric's label.
 * `status` is the HTTP status; `retry` says whether the same request may succeed later.
 */
export const requestErrors = {
  unreadable: {
    status: 400,
    retry: false,
    meaning:
      'The request cannot be read: its parameters, JSON or compression. The body may have been changed on the way.',
  },
  missing_key: { status: 401, retry: false, meaning: 'Neither the address nor the body has a write key.' },
  wrong_key: { status: 401, retry: false, meaning: 'The write key is unknown.' },
  forbidden_origin: { status: 403, retry: false, meaning: "The page's origin is not on the site's list." },
  not_found: { status: 404, retry: false, meaning: 'There is nothing at this address.' },
  too_slow: { status: 408, retry: true, meaning: 'The body did not arrive in time.' },
  too_large: {
    status: 413,
    retry: false,
    meaning: 'The batch has more bytes or events than one request may carry. Split it.',
  },
  // 413, too: a tracker then splits the batch, and less of what is left repeats itself.
  inflates_too_much: {
    status: 413,
    retry: false,
    meaning: 'The body becomes more than 50 times as large when it is unzipped. Split it, or send it unzipped.',
  },
  unsupported_type: {
    status: 415,
    retry: false,
    meaning: 'The content type or encoding is not one that is understood.',
  },
  wrong_host: { status: 421, retry: false, meaning: 'The request names a host that this server does not answer for.' },
  too_many_requests: { status: 429, retry: true, meaning: 'Too many requests: wait as long as Retry-After says.' },
  internal_error: { status: 500, retry: true, meaning: 'A fault in the server.' },
  unsupported_transfer: {
    status: 501,
    retry: false,
    meaning: 'The body has a transfer encoding that is not understood.',
  },
  unavailable: {
    status: 503,
    retry: true,
    meaning: 'The events cannot be stored safely now: wait as long as Retry-After says.',
  },
} as const;

/** Why one event of a batch is rejected. It is kept under `page=_quarantine/event=_<code>/`. */
export const eventErrors = {
  invalid_json: { meaning: 'The line is not a JSON object.' },
  invalid_event: { meaning: 'The event does not fit the schema.' },
  event_too_large: { meaning: 'The event has more bytes than an event may have.' },
} as const;

/** The code of a request's error. */
export type RequestErrorCode = keyof typeof requestErrors;
/** The code of an event's error. */
export type EventErrorCode = keyof typeof eventErrors;

import type { BackoffBounds } from '@millrace/kit/backoff';
import type { FailureKind } from './sink.js';

/** How long a lane waits after a failure, with full jitter. */
export const retries: Record<FailureKind, BackoffBounds> = {
  throttled: { baseMs: 50, capMs: 1_000 },
  unreachable: { baseMs: 50, capMs: 5_000 },
  misconfigured: { baseMs: 1_000, capMs: 5_000 },
};

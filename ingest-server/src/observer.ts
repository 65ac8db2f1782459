import type { StoredEvent } from '@millrace/sdk/schema';
import type { RejectedEvent } from './core/intake/rejection.js';

/**
 * Sees what becomes of the events, for a live view say: each is accepted, rejected or a repetition. Must be quick; what
 * it throws is logged.
 */
export interface IngestObserver {
  /** The accepted events of one request that were stored, once they are safe. */
  accepted?(events: StoredEvent[]): void;
  /** The rejected events of one request, once the quarantine has them. */
  rejected?(events: RejectedEvent[]): void;
  /** How many events of one request were safe before: they are not stored again. */
  repeated?(events: number): void;
}

import type { StoredEvent } from '@millrace/sdk/schema';

/** Sees the events, for a live view say. Must be quick; what it throws is logged. */
export interface IngestObserver {
  /** The accepted events of one request, once they are safe. */
  accepted?(events: StoredEvent[]): void;
}

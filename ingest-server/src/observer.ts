import type { StoredEvent } from '@millrace/sdk/schema';

/** Somebody who wants to see the events: a live view. What it does must be quick; what it throws is logged. */
export interface IngestObserver {
  /** The accepted events of one request, after they are safe. */
  accepted?(events: StoredEvent[]): void;
}

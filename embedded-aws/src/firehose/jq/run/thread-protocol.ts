import type { JqLimits } from './limits.js';
import type { Fault, PackedRecords } from './turn.js';

/** What a thread of jq starts with. */
export interface ThreadData {
  limits: JqLimits;
  /** What its engine has written, as its `Output`; shared, so that it can be read while the thread works. */
  bytes: SharedArrayBuffer;
  length: SharedArrayBuffer;
}

/** Sent once, when the thread is ready. */
export interface ThreadReady {
  /** What Linux calls the thread. */
  task?: string | undefined;
  /** jq compiled: while another thread holds it, the next ones start faster. */
  module?: unknown;
}

/** Sent to a thread. */
export interface ThreadRun {
  program: string;
  records: PackedRecords;
}

/** Sent back for each `ThreadRun`. */
export interface ThreadAnswer {
  fault: Fault | undefined;
}

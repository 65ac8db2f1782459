import type { Gap } from './gaps.js';

/** A stream and what is wrong with it. */
export interface StreamFindings {
  stream: number;
  /** Different events. */
  events: number;
  held: number;
  last: number;
  lost: number;
  /** Where they were; the same position comes twice when two events had it. */
  lostAt: readonly number[];
  missing: number;
  neverAcknowledged: number;
  conflicts: number;
  outOfOrder: number;
  gaps: Gap[];
  isTailKnown: boolean;
}

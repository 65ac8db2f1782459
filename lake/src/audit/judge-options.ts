import type { Selection } from './selection.js';

/** What to judge by. */
export interface JudgeOptions extends Selection {
  lateMs: number;
  /** How many of the worst streams to name. */
  worst: number;
  signal?: AbortSignal | undefined;
}

import type { CarrySummary } from '../sending/carry.js';

/** What traffic as a command ends with. */
export type TrafficExitCode = 0 | 1 | 3 | 130;

/**
 * 0 every event was acknowledged; 130 interrupted before that; 1 it failed, or nothing was taken; 3 a part was refused
 * or left out.
 * @param leftOut how many things were not even tried
 */
export function exitCodeOf(summary: CarrySummary, leftOut: number): TrafficExitCode {
  if (summary.interrupted) return 130;
  if (summary.failure || summary.unacknowledged > 0) return 1;
  if (summary.refused > 0) return summary.acknowledged > 0 ? 3 : 1;
  return leftOut > 0 ? 3 : 0;
}

import type { LakeWarnings } from '@millrace/lake';
import { harmless } from './table.js';

/** Says on stderr what is missing in an answer, so that stdout stays clean for a program. */
export function warn({ damaged, strange }: LakeWarnings): void {
  for (const { key, message, unreadableLines } of damaged) {
    const lost =
      unreadableLines === null
        ? 'nothing of it is in the answer'
        : `${unreadableLines} of its lines ${unreadableLines === 1 ? 'is' : 'are'} not in the answer`;
    console.error(`millrace: warning: the object ${harmless(key)} is damaged: ${harmless(message)}; ${lost}`);
  }
  for (const { key, reason } of strange) {
    console.error(`millrace: warning: ${harmless(key)} ${reason}; it is not in the answer`);
  }
}

import type { StoredEvent } from './event.js';
import { nameAsSent } from './name.js';

/** The page or event under which names are filed that are no slugs, or not declared. */
export const otherName = '_other';

/** Files an event's page or event under `_other`, keeps its name beside it, and returns that. */
export function fileUnderOther(event: StoredEvent, kind: 'page' | 'event'): string {
  const kept = nameAsSent(event[kind]);
  event[`${kind}_as_sent`] = kept;
  event[kind] = otherName;
  return kept;
}

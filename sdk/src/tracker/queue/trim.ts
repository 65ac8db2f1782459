import { queueAgeMs, queueEvents } from '../bounds.js';
import { map } from '../browser/builtins.js';
import { now } from '../browser/time.js';
import type { DropReason } from './drop-reason.js';
import type { EventDatabase } from './event-database.js';
import { storedOf } from './stored-name.js';

/** Drops events older than `queueAgeMs` and, beyond `queueEvents` and `maxChars`, the oldest. `drop` counts them. */
export async function trim(
  database: EventDatabase,
  maxChars: number,
  drop: (reason: DropReason, events: number) => void,
): Promise<void> {
  const all = map(await database._names(), storedOf);
  let events = 0;
  let chars = 0;
  for (const stored of all) {
    events += stored._events;
    chars += stored._chars;
  }
  let last = '';
  for (const stored of all) {
    const isOld = now() - stored.at > queueAgeMs;
    if (!isOld && events <= queueEvents && chars <= maxChars) break;
    drop(isOld ? 'old' : 'full', stored._events);
    events -= stored._events;
    chars -= stored._chars;
    last = stored._name;
  }
  if (last) await database._remove('e.', last);
}

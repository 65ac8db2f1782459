import { after } from '../browser/after.js';
import { each } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import type { Queue } from './queue.js';

/** Deletes the queue and everything else that the tracker has stored. */
export function clearStored(store: Store, queue: Queue): void {
  each(store._names(''), store._remove);
  void after(undefined, () => queue._database()._remove('', '~'));
}

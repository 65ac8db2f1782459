import { setImmediate as turn } from 'node:timers/promises';
import type { DamagedObject } from '../lake.js';
import type { CheckedObject, ObjectCheck } from '../object-check.js';

/** The objects whose bytes are not those that were written. */
export async function findSpoiled(objects: readonly CheckedObject[], check: ObjectCheck): Promise<DamagedObject[]> {
  const spoiled: DamagedObject[] = [];
  for (const object of objects) {
    // Ctrl-C is heard between two of many.
    await turn();
    const message = await check(object);
    if (message !== undefined) spoiled.push({ key: object.key, message, unreadableLines: null });
  }
  return spoiled;
}

import { useContext } from 'react';
import type { Names, Tracker } from '../tracker/index.js';
import { nothing } from './nothing.js';
import { TrackerContext } from './provider.js';

let isTold = false;

/** The tracker of the `MillraceProvider` above, the same object at each rendering. Call it in handlers and effects. */
export function useTracker<Site extends Names = Names>(): Tracker<Site> {
  const tracker = useContext(TrackerContext);
  if (!tracker && !isTold) {
    isTold = true;
    console.warn(
      'millrace: useTracker and useTrack track nothing here: put <MillraceProvider options={…}> around the component',
    );
  }
  return tracker ?? nothing;
}

/** `track` of the nearest tracker, the same function at each rendering. */
export function useTrack<Site extends Names = Names>(): Tracker<Site>['track'] {
  return useTracker<Site>().track;
}

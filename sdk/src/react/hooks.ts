import { useContext } from 'react';
import { type Names, type Tracker, version } from '../tracker/index.js';
import { TrackerContext } from './provider.js';

let isTold = false;

/** Stands in where there is no provider: a missing tracker is no reason for a page to fail. */
const nothing: Tracker = {
  track() {},
  page() {},
  identify() {},
  reset() {},
  consent() {},
  use() {},
  flush: async () => {},
  version,
};

/** The tracker of the `MillraceProvider` above, the same object at each rendering. Call it in handlers and effects. */
export function useTracker<Site extends Names = Names>(): Tracker<Site> {
  const tracker = useContext(TrackerContext);
  if (!tracker && !isTold) {
    isTold = true;
    console.warn('millrace: useTracker and useTrack track nothing here: put <MillraceProvider> around the component');
  }
  return tracker ?? nothing;
}

/** `track` of the nearest tracker, the same function at each rendering. */
export function useTrack<Site extends Names = Names>(): Tracker<Site>['track'] {
  return useTracker<Site>().track;
}

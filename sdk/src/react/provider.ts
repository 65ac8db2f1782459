import { createContext, createElement, type ReactElement, type ReactNode, useEffect, useMemo } from 'react';
import {
  type AllModulesSettings,
  allModules,
  type Names,
  type Tracker,
  type TrackerModule,
  type TrackerOptions,
  version,
} from '../tracker/index.js';
import { lazyTracker } from './lazy-tracker.js';
import { trackerOf } from './trackers.js';

/** What `MillraceProvider` starts: a tracker by its options, as `createTracker` does. They are read once for a key. */
export interface StartedByProvider<Site extends Names = Names> {
  options: TrackerOptions<Site>;
  /** The settings of all modules. Plain data, so a server component can give them. */
  settings?: AllModulesSettings | undefined;
  /** The modules, and plugins, instead of all modules. */
  modules?: readonly TrackerModule[] | undefined;
  tracker?: undefined;
  children?: ReactNode;
}

/** What `MillraceProvider` passes on: a tracker that the site has started itself. */
export interface GivenToProvider<Site extends Names = Names> {
  tracker: Tracker<Site>;
  options?: undefined;
  settings?: undefined;
  modules?: undefined;
  children?: ReactNode;
}

/** The properties of `MillraceProvider`. */
export type MillraceProviderProps<Site extends Names = Names> = StartedByProvider<Site> | GivenToProvider<Site>;

/** The tracker of the nearest provider. */
export const TrackerContext = createContext<Tracker | undefined>(undefined);

/**
 * Starts a tracker in the browser, one for a key, and hands it to the components below. It outlives the provider, as
 * the page does. On a server it starts nothing, and the calls do nothing.
 * @example <MillraceProvider options={{ key: 'demo', endpoint: 'https://collect.example/v1/events' }}>
 */
export function MillraceProvider<const Site extends Names = Names>(props: MillraceProviderProps<Site>): ReactElement {
  const { tracker: given, options, settings, modules, children } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: options written in place are new each time
  const { tracker, start } = useMemo(() => {
    // From JavaScript neither may come, as a `window.millrace` that has not loaded.
    if (given || !options) return { tracker: given };
    const start = () => trackerOf(options, () => modules ?? allModules(settings));
    return { tracker: lazyTracker(start, version), start };
  }, [given, options?.key]);
  useEffect(() => {
    start?.();
  }, [start]);
  return createElement(TrackerContext.Provider, { value: tracker }, children);
}

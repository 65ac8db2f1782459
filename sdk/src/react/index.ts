export { useTrack, useTracker } from './hooks.js';
export {
  type GivenToProvider,
  MillraceProvider,
  type MillraceProviderProps,
  type StartedByProvider,
} from './provider.js';

import { attempt } from './attempt.js';

/**
 * A random number from [0, 1). Some pages replace `Math.random`, to have the same pictures at each run; their visitors
 * would share one id, and a pause between tries would have no length.
 */
export const random = (): number =>
  attempt(() => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32) ?? Math.random();

import { later } from './time.js';

/** Resolves after this many milliseconds. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => later(resolve, ms));

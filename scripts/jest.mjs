// How Jest is started: what Node needs for ES modules, and what makes it quicker.
import { join } from 'node:path';
import { root } from './prepare.mjs';

/** Node's arguments that run Jest; its own come behind them. */
export const jest = [
  '--experimental-vm-modules',
  '--no-warnings',
  // Each test file loads its modules anew, and collecting them took a tenth of the processor time. Jest's workers take these flags over.
  '--max-semi-space-size=64',
  '--single-threaded-gc',
  '--no-flush-bytecode',
  join(root, 'node_modules/jest/bin/jest.js'),
];

// The tests are compiled with the code they test (tsc -b), so Jest transforms nothing and runs what ships.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const { workspaces } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** `npm test` runs all but what has a form of its own: `npm run test:long`, `npm run test:browsers`. */
const forms = { long: process.env.MILLRACE_TEST_LONG, browsers: process.env.MILLRACE_TEST_BROWSERS };
const form = Object.keys(forms).find((name) => forms[name]);

export default {
  rootDir: '.',
  roots: workspaces.filter((name) => name !== 'testing').map((name) => `<rootDir>/${name}/dist/test`),
  testMatch: form
    ? [`**/*.${form}.test.js`]
    : ['**/*.test.js', ...Object.keys(forms).map((name) => `!**/*.${name}.test.js`)],
  globalSetup: '<rootDir>/testing/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/testing/jest/global-teardown.mjs',
  reporters: ['default', '<rootDir>/testing/jest/skip-reporter.mjs'],
  testEnvironment: '<rootDir>/testing/jest/environment.mjs',
  transform: {},
  // The generous limit is for loaded machines; nothing asserts on time.
  testTimeout: 180_000,
  // Much of the time is waiting for processes and browsers: more workers than cores use it.
  maxWorkers: availableParallelism() + 3,
  // DuckDB holds native handles: a worker is recycled when it has grown.
  workerIdleMemoryLimit: '700MB',
};

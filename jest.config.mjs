// The tests are compiled with the code they test (tsc -b), so Jest transforms nothing and runs what ships.
import { readFileSync } from 'node:fs';

const { workspaces } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

export default {
  rootDir: '.',
  roots: workspaces.filter((name) => name !== 'testing').map((name) => `<rootDir>/${name}/dist/test`),
  testMatch: process.env.MILLRACE_TEST_LONG ? ['**/*.long.test.js'] : ['**/*.test.js', '!**/*.long.test.js'],
  globalSetup: '<rootDir>/testing/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/testing/jest/global-teardown.mjs',
  reporters: ['default', '<rootDir>/testing/jest/skip-reporter.mjs'],
  testEnvironment: 'node',
  transform: {},
  // The generous limit is for loaded machines; nothing asserts on time.
  testTimeout: 60_000,
  // Much of the time is waiting for processes and browsers, so every core gets a worker, where Jest would leave one out.
  maxWorkers: '100%',
  // leveldown and DuckDB hold native handles: one worker a core, each recycled when it has grown.
  workerIdleMemoryLimit: '700MB',
};

// `npm run coverage`: the tests with V8's coverage, mapped from dist back to src. Arguments go to Jest. The result is a table by
// folder on the terminal and coverage/index.html. What a child process runs (the `millrace` command, a browser) is not counted.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from './jest.mjs';
import { prepare, root } from './prepare.mjs';

prepare({ all: true });
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { status } = spawnSync(
  process.execPath,
  [
    ...jest,
    '--coverage',
    '--coverageProvider=v8',
    '--coverageDirectory=coverage',
    // Jest does not end by itself once it has looked at modules that no test loaded.
    '--forceExit',
    ...['html', 'lcovonly', 'text'].map((reporter) => `--coverageReporters=${reporter}`),
    // The whole of dist, so that a module that no test loads counts as not covered.
    ...workspaces
      .filter((name) => name !== 'testing')
      .flatMap((name) => [`--roots=<rootDir>/${name}/dist`, `--collectCoverageFrom=${name}/dist/src/**/*.js`]),
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);

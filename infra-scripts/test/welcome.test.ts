import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { version } from '@millrace/kit/version';
import { launcherFrom } from '../src/cli/text/launcher.js';
import { welcome } from '../src/cli/text/welcome.js';

const parts = {
  storeUrl: 'http://localhost:3000',
  ingestUrl: 'http://127.0.0.1:8080',
  awsUrl: 'http://127.0.0.1:4566',
  state: '/home/ada/shop/.millrace',
  stateFoundByItself: '/home/ada/shop/.millrace',
  cwd: '/home/ada/shop',
  launcher: './millrace',
  traffic: { eventsPerSecond: 2, maxEvents: 10_000 },
};

describe('what millrace dev says', () => {
  test('fits a terminal of 80 columns and 24 lines', () => {
    const lines = welcome(parts).split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('names the lake from here, and exports nothing where commands find the state by themselves', () => {
    const text = welcome(parts);
    expect(text).toContain(' .millrace/s3/millrace-lake\n');
    expect(text).not.toContain('MILLRACE_STATE');
    expect(text).toContain('    ./millrace ls\n');
    expect(text).not.toContain('npx');
  });

  test('where the state is elsewhere, the commands are told so, in words that a shell takes', () => {
    const text = welcome({ ...parts, state: "/srv/ada's state" });
    expect(text).toContain(" /srv/ada's state/s3/millrace-lake\n");
    expect(text).toContain("export MILLRACE_STATE='/srv/ada'\\''s state'\n");
  });
});

describe('the launcher at the root of the clone', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));

  test('is ./millrace at the root, on Windows .\\millrace, its whole path elsewhere, and millrace outside a clone', () => {
    expect(launcherFrom(root, root, 'linux')).toBe('./millrace');
    expect(launcherFrom(root, root, 'win32')).toBe('.\\millrace');
    expect(launcherFrom(join(root, 'docs'), root, 'linux')).toBe(join(root, 'millrace'));
    expect(launcherFrom(root, join(root, 'docs'), 'linux')).toBe('millrace');
  });

  // On Windows, millrace.cmd does the same.
  (process.platform === 'win32' ? test.skip : test)('runs from any folder, with its arguments as they are', () => {
    const run = (...args: string[]) =>
      spawnSync(join(root, 'millrace'), args, { cwd: join(root, 'docs'), encoding: 'utf8' });
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run('redrive', "a 'b'")).toMatchObject({ status: 2, stderr: expect.stringContaining(`"a 'b'"`) });
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { unknownSettings } from '../src/config.js';
import { loadConfig } from '../src/index.js';
import { cleanUp, temporaryFolder } from './support/app.js';

afterEach(cleanUp);

// Compiled, this file lies in dist/test.
const deployed = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url)), 'utf8');

test('the example environment is one that the server takes, its commented lines included', () => {
  const lines = deployed('millrace-ingest.env').match(/^#?[A-Z_]+=.*$/gm)!;
  const env = Object.fromEntries(lines.map((line) => line.replace(/^#/, '').split(/=(.*)/s).slice(0, 2)));
  expect(lines.length).toBeGreaterThan(6);
  expect(unknownSettings(env)).toEqual([]);
  expect(loadConfig(env)).toMatchObject({ port: 8080, workers: 2, trustedProxies: ['10.0.0.0/8'] });
});

test('what the unit and the image set are settings that there are', () => {
  for (const name of ['millrace-ingest.service', 'Dockerfile']) {
    const names = deployed(name).match(/MILLRACE_[A-Z_]+/g)!;
    expect(unknownSettings(Object.fromEntries(names.map((one) => [one, ''])))).toEqual([]);
  }
});

test('systemd finds nothing wrong with the unit', async () => {
  if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
    console.warn('skipped: there is no systemd-analyze here');
    return;
  }
  const file = join(await temporaryFolder(), 'millrace-ingest.service');
  // The one thing that a machine without the installation lacks.
  writeFileSync(file, deployed('millrace-ingest.service').replace('/usr/bin/node', process.execPath));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe('');
});

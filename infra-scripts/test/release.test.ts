import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import fc from 'fast-check';
import { makeRelease, type Release } from '../src/release/archive.js';
import { closure } from '../src/release/closure.js';
import { tar } from '../src/release/tar.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the tar archive', () => {
  test('tar unpacks what was packed, names of up to 255 bytes included', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-tar-'));
    try {
      const deep = Array.from({ length: 12 }, (_, at) => `folder-number-${at}`).join('/');
      const entries = [
        { path: 'a.txt', data: Buffer.from('ä') },
        { path: 'empty', data: Buffer.alloc(0) },
        { path: `${deep}/file`, data: Buffer.alloc(1_000, 7) },
        { path: 'run.sh', data: Buffer.from('echo ran'), executable: true },
        { path: 'block', data: Buffer.alloc(512, 1) },
      ];
      const file = join(folder, 'x.tar');
      writeFileSync(file, tar(entries));
      execFileSync('tar', ['-xf', file, '-C', folder]);
      for (const { path, data } of entries) expect(readFileSync(join(folder, path))).toEqual(data);
      expect(execFileSync(join(folder, 'run.sh'), { shell: true, encoding: 'utf8' })).toBe('ran\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('the same entries give the same bytes; a path that is too long is named', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (data) => {
        const entries = [{ path: 'x', data: Buffer.from(data) }];
        const bytes = tar(entries);
        expect(bytes.equals(tar(entries))).toBe(true);
        expect(bytes.length % 512).toBe(0);
      }),
      { numRuns: 30 },
    );
    expect(() => tar([{ path: 'x'.repeat(101), data: Buffer.alloc(0) }])).toThrow(/too long/);
  });
});

test('the packages that are needed are found where Node finds them', () => {
  const packages = {
    'node_modules/server': { link: true, resolved: 'server' },
    server: { dependencies: { a: '1', b: '1' } },
    'node_modules/a': { dependencies: { c: '1' }, optionalDependencies: { fsevents: '1' } },
    'node_modules/b': { dependencies: { c: '2' } },
    'node_modules/b/node_modules/c': { dependencies: { a: '1' } },
    'node_modules/c': {},
    'node_modules/other': {},
  };
  expect(closure(packages, [{ from: '', name: 'server' }])).toEqual([
    'node_modules/a',
    'node_modules/b',
    'node_modules/b/node_modules/c',
    'node_modules/c',
    'node_modules/server',
  ]);
  expect(() => closure(packages, [{ from: '', name: 'gone' }])).toThrow(/no gone/);
});

/** What machine code a file begins with, by its first bytes; ELF names its processor (x64 62, arm64 183). */
function machineOf(bytes: Buffer): string | undefined {
  if (bytes.length < 20) return undefined;
  if (bytes.subarray(0, 4).equals(Buffer.from('\u007fELF', 'latin1'))) return `ELF for ${bytes.readUInt16LE(18)}`;
  if (['cffaedfe', 'cefaedfe', 'feedfacf', 'feedface'].includes(bytes.toString('hex', 0, 4))) return 'Mach-O';
  if (bytes.toString('hex', 0, 8) === 'cafebabe00000002') return 'Mach-O for several';
  return bytes.toString('latin1', 0, 2) === 'MZ' ? 'Windows' : undefined;
}

/** Nothing but Node and the release: no project, no npm, no variable of this machine. */
const bare = (folder: string, more: Record<string, string> = {}) => ({
  cwd: folder,
  env: { PATH: '/usr/bin:/bin', HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...more },
});

describe('the release', () => {
  let release: Release;
  let parent: string;
  let folder: string;
  beforeAll(() => {
    release = makeRelease();
    parent = mkdtempSync(join(tmpdir(), 'millrace-release-'));
    writeFileSync(join(parent, release.name), release.bytes);
    execFileSync('tar', ['-xzf', release.name], { cwd: parent });
    folder = join(parent, release.name.replace(/-[0-9a-f]{12}\.tgz$/, ''));
  }, 240_000);
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  test('is named for its content', () => {
    expect(release.name).toBe(`millrace-0.1.0-${release.sha256.slice(0, 12)}.tgz`);
    expect(createHash('sha256').update(release.bytes).digest('hex')).toBe(release.sha256);
    expect(release.bytes.length).toBeLessThan(20_000_000);
  });

  test('holds no machine code, so that what starts on x64 is what arm64 gets: no ELF, Mach-O or Windows file, no add-on', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((file) => machineOf(readFileSync(file)) !== undefined)).toEqual([]);
    expect(files.filter((file) => /\.(node|so|dylib|dll|exe)$|prebuilds\/|binding\.gyp$/.test(file))).toEqual([]);
    expect(files.filter((file) => /duckdb|kinesalite|leveldown|playwright/.test(file.slice(folder.length)))).toEqual(
      [],
    );
    // Nor anything that would be chosen by processor when it is installed.
    const chosen = files
      .filter((file) => file.endsWith('/package.json'))
      .filter((file) => {
        const { cpu, os, scripts = {} } = JSON.parse(readFileSync(file, 'utf8'));
        return cpu || os || scripts.install || scripts.postinstall;
      });
    expect(chosen).toEqual([]);
    // The look finds what it looks for: this Node itself, and an add-on of the laptop's.
    expect(machineOf(readFileSync(process.execPath))).toBeDefined();
    const addOns = readdirSync(join(root, 'node_modules/@duckdb'), { recursive: true, encoding: 'utf8' });
    const addOn = addOns.find((file) => file.endsWith('.node'))!;
    expect(machineOf(readFileSync(join(root, 'node_modules/@duckdb', addOn)))).toBeDefined();
  });

  test('its server, tracker and generator are the build that npm start runs', () => {
    const same = (inside: string, outside: string) =>
      expect(readFileSync(join(folder, inside))).toEqual(readFileSync(join(root, outside)));
    same('node_modules/@millrace/ingest-server/dist/src/main.js', 'ingest-server/dist/src/main.js');
    same('node_modules/@millrace/ingest-server/dist/src/core/delivery.js', 'ingest-server/dist/src/core/delivery.js');
    same('node_modules/@millrace/sdk/dist/millrace.js', 'sdk/dist/millrace.js');
    same(
      'node_modules/@millrace/infra-scripts/dist/src/generator/carry.js',
      'infra-scripts/dist/src/generator/carry.js',
    );
  });

  test('every file that the template’s hosts are told to run is in it', () => {
    for (const path of ['ingest-server.mjs', 'millrace.mjs', 'samples/sessions.jsonl'])
      expect(existsSync(join(folder, path))).toBe(true);
    for (const path of [
      'boot-server.sh',
      'boot-generator.sh',
      'drain.sh',
      'metrics.sh',
      'systemd/millrace-ingest.service',
    ])
      expect(release.paths).toContain(`deploy/${path}`);
  });

  test('its server starts on a bare Node, takes an event, and gives out the tracker', async () => {
    const server: ChildProcess = spawn(
      process.execPath,
      ['ingest-server.mjs'],
      bare(folder, {
        MILLRACE_PORT: '0',
        MILLRACE_HOST: '127.0.0.1',
        MILLRACE_WRITE_KEYS: 'k',
        MILLRACE_SPOOL_FOLDER: join(parent, 'spool'),
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        // Nothing listens there: the event goes to the spool.
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      }),
    );
    let output = '';
    for (const stream of [server.stdout!, server.stderr!]) stream.on('data', (data) => (output += data));
    try {
      const url = await eventually('the server to listen', () => {
        if (server.exitCode !== null) throw new Error(`the server ended: ${output}`);
        return /"url":"(http:[^"]+)"/.exec(output)?.[1];
      });
      const tracker = await fetch(`${url}/millrace.js`);
      expect(Buffer.from(await tracker.arrayBuffer())).toEqual(readFileSync(join(root, 'sdk/dist/millrace.js')));
      const answer = await fetch(`${url}/v1/events?key=k`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: JSON.stringify(someEvent()),
      });
      expect(await answer.json()).toMatchObject({ accepted: 1 });
    } finally {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
    }
  });

  test('its commands start on a bare Node', () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['millrace.mjs', ...args], { ...bare(folder), encoding: 'utf8' });
    expect(run('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n' });
    expect(run('plan', '--events-per-second', '10')).toMatchObject({ status: 0 });
    const help = run('--help').stdout;
    for (const command of ['generate', 'replay', 'query', 'ls', 'redrive'])
      expect(help).toMatch(new RegExp(`^  ${command} `, 'm'));
    const nowhere = run(
      'generate',
      'clickstream',
      '1',
      '0',
      '--count',
      '1',
      '--endpoint-url',
      'http://127.0.0.1:1',
      '--give-up-after',
      '1',
    );
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toMatch(/connection is refused|clickstream/);
    expect(nowhere.stderr).not.toMatch(/ERR_MODULE_NOT_FOUND|\n\s+at /);
    const replay = run(
      'replay',
      'samples/sessions.jsonl',
      '--to',
      'http://127.0.0.1:1',
      '--give-up-after',
      '1',
      '--speed',
      '1000',
    );
    expect(replay.stderr).toMatch(/connection is refused/);
    const query = run('query', 'select 1');
    expect(query.status).toBe(1);
    expect(query.stderr).not.toMatch(/ERR_MODULE_NOT_FOUND|\n\s+at /);
  });
});

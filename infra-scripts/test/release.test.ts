import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { someEvent } from '@millrace/testing/event';
import { eventually } from '@millrace/testing/eventually';
import fc from 'fast-check';
import { makeRelease, type Release } from '../src/release/archive.js';
import { bundle } from '../src/release/bundle.js';
import { thirdPartyLicences } from '../src/release/licences.js';
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

describe('the bundle', () => {
  test('keeps what is imported late in a file of its own, and names an import that cannot be resolved', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bundle-'));
    try {
      writeFileSync(join(folder, 'main.js'), "await import('./late.js');\n");
      writeFileSync(join(folder, 'late.js'), "console.log('late');\n");
      const { files, sources } = await bundle(folder, { 'lib/main': 'main.js' });
      expect(sources).toEqual(['late.js', 'main.js']);
      expect(files.find(({ path }) => path === 'lib/main.mjs')!.data.toString()).not.toContain('console.log');
      expect(files.find(({ path }) => /^lib\/late-\w+\.mjs$/.test(path))!.data.toString()).toContain('console.log');

      writeFileSync(join(folder, 'late.js'), "import 'gone';\n");
      await expect(bundle(folder, { 'lib/main': 'main.js' })).rejects.toThrow(/Could not resolve "gone"/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('each package in it has its licence beside it, with every notice, and one without a licence is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-licences-'));
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    try {
      const named = (name: string, license?: string) => JSON.stringify({ name, version: '1.0.0', license });
      put('node_modules/a/package.json', named('a', 'MIT'));
      put('node_modules/a/LICENSE', 'Text of MIT');
      put('node_modules/a/node_modules/@b/c/package.json', named('@b/c', 'Apache-2.0'));
      put('node_modules/a/node_modules/@b/c/LICENSE.txt', 'Text of Apache');
      put('node_modules/a/node_modules/@b/c/NOTICE', 'Made by C');
      put('node_modules/d/package.json', named('d', 'MIT'));
      put('node_modules/d/licence.md', 'Text of MIT');
      put('node_modules/e/package.json', named('e', 'ISC'));
      put('node_modules/f/package.json', named('f'));
      const sources = ['a/i.js', 'a/node_modules/@b/c/i.js', 'd/i.js', 'e/i.js'].map((file) => `node_modules/${file}`);
      const text = thirdPartyLicences(folder, ['ours/dist/src/index.js', ...sources]);
      expect(text).toContain('a 1.0.0 (MIT)\nd 1.0.0 (MIT)\n\nText of MIT\n');
      expect(text).toContain('@b/c 1.0.0 (Apache-2.0)\n\nText of Apache\n\nMade by C\n');
      expect(text).toContain('e 1.0.0 (ISC)\n\nThe package states its licence by name only: ISC.\n');
      expect(text).not.toContain('ours');
      expect(() => thirdPartyLicences(folder, ['node_modules/f/i.js'])).toThrow(/node_modules\/f states no licence/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
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
  beforeAll(async () => {
    release = await makeRelease();
    parent = mkdtempSync(join(tmpdir(), 'millrace-release-'));
    writeFileSync(join(parent, release.name), release.bytes);
    execFileSync('tar', ['-xzf', release.name], { cwd: parent });
    folder = join(parent, release.name.replace(/-[0-9a-f]{12}\.tgz$/, ''));
  }, 240_000);
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  test('is named for its content, the same build gives the same bytes, and it has at most 2 MB', async () => {
    expect(release.name).toBe(`millrace-0.2.0-${release.sha256.slice(0, 12)}.tgz`);
    expect(createHash('sha256').update(release.bytes).digest('hex')).toBe(release.sha256);
    expect(release.bytes.length).toBeLessThanOrEqual(2_000_000);
    expect((await makeRelease()).sha256).toBe(release.sha256);
  });

  test('holds no machine code, so that what starts on x64 is what arm64 gets: no ELF, Mach-O or Windows file, no add-on', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => machineOf(readFileSync(file)) !== undefined)).toEqual([]);
    expect(files.filter((file) => /\.(node|so|dylib|dll|exe)$|prebuilds\/|binding\.gyp$/.test(file))).toEqual([]);
    expect(files.filter((file) => /duckdb|playwright/.test(file.slice(folder.length)))).toEqual([]);
    // Nor anything that would be chosen by processor when it is installed: nothing in it is installed.
    expect(files.filter((file) => /(^|\/)package\.json$|\/node_modules\//.test(file.slice(folder.length)))).toEqual([]);
    // The look finds what it looks for: this Node itself, and an add-on of the laptop's.
    expect(machineOf(readFileSync(process.execPath))).toBeDefined();
    const addOns = readdirSync(join(root, 'node_modules/@duckdb'), { recursive: true, encoding: 'utf8' });
    const addOn = addOns.find((file) => file.endsWith('.node'))!;
    expect(machineOf(readFileSync(join(root, 'node_modules/@duckdb', addOn)))).toBeDefined();
  });

  test('its server, tracker and generator are the build that npm start runs', () => {
    for (const file of [
      'ingest-server/dist/src/main.js',
      'ingest-server/dist/src/run.js',
      'infra-scripts/dist/src/cli/host.js',
      'infra-scripts/dist/src/cli/actions/generate.js',
      'generator/dist/src/index.js',
    ])
      expect(release.sources).toContain(file);
    for (const name of ['millrace.js', 'millrace-full.js', 'millrace-debug.js', 'millrace-vitals.js', 'millrace.json'])
      expect(readFileSync(join(folder, 'tracker', name))).toEqual(readFileSync(join(root, 'sdk/dist', name)));
  });

  test('holds no store, no embedded AWS but jq, no lake on disk, and no test part', () => {
    const { sources } = release;
    const ours = sources.filter((file) => !file.includes('node_modules/'));
    expect(ours.filter((file) => file.startsWith('demo-store/') && !file.includes('/dist/src/items/'))).toEqual([]);
    expect(ours.filter((file) => file.startsWith('embedded-aws/') && !file.includes('/firehose/jq/'))).toEqual([]);
    expect(ours.filter((file) => /^testing\/|\/test\//.test(file))).toEqual([]);
    expect(sources.filter((file) => /duckdb\/|jest|playwright|@fastify\/static/.test(file))).toEqual([]);
    // Each of our files comes from a build.
    expect(ours.filter((file) => !/^[\w-]+\/dist\/src\//.test(file))).toEqual([]);
  });

  test('carries the licence of every package in it', () => {
    const text = readFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    const names = release.sources.flatMap(
      (file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(file)?.[1] ?? [],
    );
    expect(new Set(names).size).toBeGreaterThan(50);
    for (const name of new Set(names)) expect(text).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toMatch(/^MIT License/);
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
      for (const path of ['millrace.js', 'millrace-0.2.0.js']) {
        const tracker = await fetch(`${url}/${path}`);
        expect(Buffer.from(await tracker.arrayBuffer())).toEqual(readFileSync(join(root, 'sdk/dist/millrace.js')));
      }
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
    expect(run('--version')).toMatchObject({ status: 0, stdout: '0.2.0\n' });
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
    expect(nowhere.stderr).toMatch(/connection refused|clickstream/);
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
    expect(replay.stderr).toMatch(/connection refused/);
    // jq, as it comes along for redrive, reads a filter.
    const redrive = run('redrive', 'quarantine', '--dry-run', '--jq', '.a |');
    expect({ status: redrive.status, stderr: redrive.stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--jq: .*syntax error/),
    });
    const query = run('query', 'select 1');
    expect(query.status).toBe(4);
    expect(query.stderr).not.toMatch(/ERR_MODULE_NOT_FOUND|\n\s+at /);
  });
});

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { needs } from '@millrace/testing/needs';
import { program } from '@millrace/testing/program';
import { loadConfig } from '../src/index.js';
import { unknownSettings } from '../src/settings.js';
import { cleanUp, later, temporaryFolder } from './support/app.js';
import { serverEnvironment } from './support/crashes.js';
import { jsonLines, someEvent } from './support/events.js';
import { startStubKinesis } from './support/stub-kinesis.js';

afterEach(cleanUp);

// Compiled, this file lies in dist/test.
const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
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

needs('systemd-analyze').test('systemd finds nothing wrong with the unit', async () => {
  const file = join(await temporaryFolder(), 'millrace-ingest.service');
  // The one thing that a machine without the installation lacks.
  writeFileSync(file, deployed('millrace-ingest.service').replace('/usr/bin/node', process.execPath));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe('');
});

/** The words of a setting of the unit. */
const unitSetting = (name: string) =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(deployed('millrace-ingest.service'))?.[1]?.split(' ') ?? [];

const codeOf = (child: ChildProcess) =>
  new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));

test('systemd starts the server again whatever ended it, as often as it takes, but not with an environment that is refused', async () => {
  expect([unitSetting('Restart'), unitSetting('StartLimitIntervalSec')]).toEqual([['always'], ['0']]);
  for (const MILLRACE_WORKERS of ['1', '2']) {
    const child = spawn(process.execPath, [await program('ingest-server/dist/src/main.js')], {
      env: { PATH: process.env.PATH, MILLRACE_WORKERS, MILLRACE_WRITE_KEYS: 'demo', MILLRACE_PORT: 'none' },
      stdio: 'ignore',
    });
    expect(unitSetting('RestartPreventExitStatus')).toEqual([String(await codeOf(child))]);
  }
}, 60_000);

test('the unit lets Node ask for addresses and for memory keys, and write machine code, whether or not this machine would show it', () => {
  expect(unitSetting('RestrictAddressFamilies')).toEqual(
    expect.arrayContaining(['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK']),
  );
  expect(unitSetting('SystemCallFilter')).toEqual(['@system-service', '@pkey']);
  expect(unitSetting('MemoryDenyWriteExecute')).toEqual([]);
});

test('the unit lets the server write where it has its spool', () => {
  expect(unitSetting('ProtectSystem')).toEqual(['strict']);
  const [folder] = unitSetting('StateDirectory');
  expect(unitSetting('Environment=MILLRACE_SPOOL_FOLDER')[0]).toMatch(new RegExp(`^/var/lib/${folder}/`));
});

/** The system calls that a filter of groups lets through; systemd adds `@default`. */
function systemCallsOf(groups: readonly string[]): Set<string> {
  const listing = spawnSync('systemd-analyze', ['syscall-filter', '--no-pager'], { encoding: 'utf8' }).stdout;
  const members = new Map(
    listing
      .split(/^(?=[@#])/m)
      .map((group) => group.split('\n').map((line) => line.trim()))
      .map(([name, ...rest]) => [name!, rest.filter((line) => /^@?\w/.test(line))]),
  );
  const calls = new Set<string>();
  const add = (name: string) => {
    if (!name.startsWith('@')) calls.add(name);
    else for (const member of members.get(name) ?? []) add(member);
  };
  for (const group of ['@default', ...groups]) add(group);
  return calls;
}

needs('systemd-analyze', 'strace').test(
  'nothing that the server does in its life is what the unit forbids',
  async () => {
    const stub = await startStubKinesis();
    const folder = await temporaryFolder();
    const trace = join(folder, 'trace');
    const allowed = systemCallsOf(unitSetting('SystemCallFilter'));
    // What is allowed does not stop for the tracer; some of it has no name here.
    const untraced = [...allowed].filter((call) => !['fdatasync', 'socket'].includes(call));
    const which = ['--seccomp-bpf', '-e', `trace=!${untraced.map((call) => `?${call}`).join()}`];
    const child = spawn('strace', ['-D', '-f', '-q', ...which, '-o', trace, process.execPath, main], {
      // On all addresses, as the unit starts it.
      env: serverEnvironment(stub, folder, { MILLRACE_HOST: '0.0.0.0', MILLRACE_WORKERS: '2' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = codeOf(child);
    later(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    let output = '';
    const port = await new Promise<string>((resolve, reject) => {
      child.stderr!.on('data', (part) => (output += part));
      child.stdout!.on('data', (part) => {
        output += part;
        // Each of the workers says so.
        const ports = output.match(/"listening".*"port":\d+/g) ?? [];
        if (ports.length >= 2) resolve(/\d+$/.exec(ports[0]!)![0]);
      });
      void ended.then(() => reject(new Error(output)));
    });
    const send = async () =>
      (await fetch(`http://127.0.0.1:${port}/v1/events?key=demo`, { method: 'POST', body: jsonLines([someEvent()]) }))
        .status;
    expect(await send()).toBe(200);
    stub.behaviour = () => ({ status: 400, error: 'ResourceNotFoundException' });
    expect(await send()).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);

    // The tracer ends after what it traces.
    const hasEnded = new RegExp(`^${child.pid} +\\+\\+\\+ exited`, 'm');
    let traced = '';
    while (!hasEnded.test(traced)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      traced = readFileSync(trace, 'utf8');
    }
    const made = new Set([...traced.matchAll(/^\d+ +(\w+)\(/gm)].map(([, call]) => call!));
    expect(made).toContain('fdatasync');
    expect([...made].filter((call) => !allowed.has(call))).toEqual([]);
    const families = new Set([...traced.matchAll(/^\d+ +socket\((AF_\w+)/gm)].map(([, family]) => family!));
    expect(families).toContain('AF_NETLINK');
    expect(unitSetting('RestrictAddressFamilies')).toEqual(expect.arrayContaining([...families]));
  },
  120_000,
);

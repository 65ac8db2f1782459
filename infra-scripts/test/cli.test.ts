import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { announceServer, runningServer } from '../src/state/running-servers.js';
import { stateFolder } from '../src/state/state-folder.js';
import { awsTarget } from '../src/targets/aws-target.js';
import { ingestTarget } from '../src/targets/ingest-target.js';
import { type Sandbox, sandbox } from './support/millrace.js';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.remove());

const commands = ['dev', 'aws', 'ingest', 'store', 'generate', 'replay', 'query', 'ls', 'audit'];

describe('the millrace command', () => {
  test('--help lists every command, and each explains itself', async () => {
    const { stdout, code } = await box.run(['--help']);
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]);
    expect(listed).toEqual(expect.arrayContaining(commands));
    const helps = await Promise.all(commands.map((command) => box.run([command, '--help'])));
    for (const help of helps)
      expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Usage: millrace') });
  });

  test('its defaults are the ports 3000, 8080 and 4566, a time scale of 30 and 8 shards', async () => {
    const { stdout } = await box.run(['dev', '--help']);
    const defaults = [...stdout.replace(/\s+/g, ' ').matchAll(/(--[a-z-]+) <\w+> [^(]*\(default: "?(\d+)"?\)/g)];
    expect(Object.fromEntries(defaults.map(([, option, value]) => [option, value]))).toEqual({
      '--port': '3000',
      '--ingest-port': '8080',
      '--aws-port': '4566',
      '--time-scale': '30',
      '--shards': '8',
    });
  });

  test.each([
    [[]],
    [['launch']],
    [['ls', '--colour']],
    [['dev', '--shards', '0']],
    [['dev', '--port', 'http']],
    [['query']],
  ])('called wrongly (%j) it says how, and exits with 2', async (args) => {
    const { code, stderr } = await box.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Usage: millrace|--help|--port/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['asked for its version', ['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    ['called wrongly', ['ls', '--colour'], 2, /--help/],
    ['that reads no input', ['ls', '--state', 'no-such-folder'], 4, /no-such-folder/],
  ] as const)('a command %s answers as ever when a megabyte is piped into it', async (_, args, code, message) => {
    const ended = await box.run([...args], { input: 'x'.repeat(2 ** 20) });
    expect(ended.code).toBe(code);
    expect(ended.stdout + ended.stderr).toMatch(message);
  });
});

describe('the ports of millrace dev', () => {
  const call = (port: number, ingest: number, aws: number) =>
    box.run(['dev', '--port', `${port}`, '--ingest-port', `${ingest}`, '--aws-port', `${aws}`]);

  test.each([
    [45_981, 45_981, 0, '--port and --ingest-port are both 45981'],
    [45_981, 0, 45_981, '--port and --aws-port are both 45981'],
    [0, 45_981, 45_981, '--ingest-port and --aws-port are both 45981'],
  ])('the same port twice (%d, %d, %d) says so, and nothing is made', async (port, ingest, aws, message) => {
    const { code, stderr } = await call(port, ingest, aws);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(readdirSync(box.state)).toEqual([]);
  });

  test('a taken port is told before anything is made, whichever it is', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    for (const at of [0, 1, 2]) {
      const { code, stderr } = await call(at === 0 ? port : 0, at === 1 ? port : 0, at === 2 ? port : 0);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`port ${port}, for `) });
      expect(readdirSync(box.state)).toEqual([]);
    }
    taken.close();
  });
});

describe('where a command finds AWS', () => {
  test('--endpoint-url wins over the embedded AWS that runs on the state folder, which wins over AWS', () => {
    expect(awsTarget({ state: box.state }).description).toBe('AWS');
    const withdraw = announceServer(box.state, 'aws', 'http://127.0.0.1:4566');
    const local = awsTarget({ state: box.state });
    expect(local.clientConfig).toMatchObject({
      endpoint: 'http://127.0.0.1:4566',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test' },
    });
    const named = awsTarget({ state: box.state, endpointUrl: 'https://kinesis.example' });
    expect(named.clientConfig.endpoint).toBe('https://kinesis.example');
    expect(named.clientConfig.credentials).toBeUndefined();
    withdraw();
    expect(awsTarget({ state: box.state }).description).toBe('AWS');
  });

  test('an endpoint that is not a URL is named', () => {
    expect(() => awsTarget({ endpointUrl: 'localhost' })).toThrow(/^invalid endpoint "localhost"/);
    expect(() => awsTarget({ endpointUrl: 'localhost' })).toThrow(
      expect.objectContaining({ code: 'USAGE', exitCode: 2 }),
    );
    expect(() => ingestTarget('ftp://x', {})).toThrow(/^--to: invalid URL "ftp:\/\/x"/);
    expect(() => ingestTarget(undefined, { state: box.state })).toThrow(/npm start/);
  });

  test('a server whose process has died does not count as running', () => {
    mkdirSync(join(box.state, 'run'));
    writeFileSync(join(box.state, 'run', 'aws.json'), JSON.stringify({ pid: 2 ** 22 + 1, url: 'http://127.0.0.1:1' }));
    expect(runningServer(box.state, 'aws')).toBeUndefined();
    writeFileSync(join(box.state, 'run', 'aws.json'), '{"torn');
    expect(runningServer(box.state, 'aws')).toBeUndefined();
  });

  test('a server that another process has taken over is not withdrawn', () => {
    const withdraw = announceServer(box.state, 'store', 'http://127.0.0.1:1');
    const file = join(box.state, 'run', 'store.json');
    writeFileSync(file, JSON.stringify({ pid: process.ppid, url: 'http://127.0.0.1:2' }));
    withdraw();
    expect(existsSync(file)).toBe(true);
  });

  test('the state folder is --state, else MILLRACE_STATE, else .millrace here', () => {
    expect(stateFolder({ state: '/tmp/x' })).toBe('/tmp/x');
    expect(stateFolder()).toMatch(/\.millrace$/);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from '@jest/globals';
import { hasBrowser, noBrowserMessage } from './find-browser.js';
import { canMount } from './small-disk.js';

/**
 * What tests need beyond Node and npm. Without it they skip, and the run says so at its end. Used by:
 * - `browser`: the tracker and the store in Chromium, from a click to the lake. npm brings one on Linux x64
 * - `aws-cli`: the embedded AWS, the hosts' scripts and the walkthrough
 * - `aws-cli-in-python`: docs/conformance.md line by line, in one process; the AWS CLI's version 1
 * - `botocore`: requests and answers against AWS's own models
 * - `cfn-lint`: the CloudFormation templates
 * - `moto`: `millrace up`, `status`, `down`, and Athena
 * - `jq-1.6`: our jq against the jq that Data Firehose runs
 * - `mount`: a disk that is really full
 * - `host`: the hosts' boot scripts, run as on EC2
 * - `npm-registry`: projects that install the packed SDK beside Vite, Next and others
 * - `systemd-analyze`, `strace`: the server's systemd unit, and the system calls that it allows
 */
const tools = {
  browser: { install: noBrowserMessage, state: () => (hasBrowser() ? 'works' : 'broken') },
  'aws-cli': { install: 'pip install awscli', state: () => runs('aws', '--version') },
  'aws-cli-in-python': { install: 'pip install awscli', state: () => pythonWith('awscli', 'botocore') },
  botocore: { install: 'pip install botocore', state: () => pythonWith('botocore') },
  'cfn-lint': { install: 'pip install cfn-lint', state: () => runs('cfn-lint', '--version') },
  moto: { install: "pip install 'moto[server]'", state: () => pythonWith('moto.server', 'yaml') },
  'jq-1.6': { install: 'jq 1.6 as jq', state: () => (isJq16() ? 'works' : 'absent') },
  mount: {
    install: 'root on Linux',
    state: () => (canMount(mkdtempSync(join(tmpdir(), 'millrace-mount-'))) ? 'works' : 'absent'),
  },
  host: {
    install: 'root on Linux, nsenter, setpriv, useradd, curl',
    state: () => (canHaveHost() ? 'works' : 'absent'),
  },
  'npm-registry': {
    install: 'a registry that npm reaches',
    // On Windows npm is a script, which only a shell starts.
    state: () =>
      spawnSync('npm view react version', { shell: true, stdio: 'ignore' }).status === 0 ? 'works' : 'absent',
  },
  'systemd-analyze': {
    install: 'systemd 250 or newer',
    state: () => orAbsent(runs('systemd-analyze', 'syscall-filter', '@pkey')),
  },
  strace: {
    install: 'strace, and the right to trace',
    state: () => orAbsent(runs('strace', '-o', '/dev/null', 'true')),
  },
} satisfies Record<string, { install: string; state: () => State }>;

export type Tool = keyof typeof tools;
/** `broken`: it is there and does not run, which CI takes for a failure. */
type State = 'works' | 'absent' | 'broken';

function runs(command: string, ...args: string[]): State {
  const { status, error } = spawnSync(command, args, { stdio: 'ignore' });
  if (status === 0) return 'works';
  // 126 and 127: what stands in for it on the PATH finds nothing to run.
  return error || status === 126 || status === 127 ? 'absent' : 'broken';
}

/** For what may be there and not be allowed, or too old. */
const orAbsent = (state: State): State => (state === 'works' ? 'works' : 'absent');

/** The Python that tests run. */
export const python = process.platform === 'win32' ? 'python' : 'python3';

/** Exits with 127 where a package is absent, and with 1 where one is there and cannot be imported. */
const importAll = `
import importlib, importlib.util, sys
if any(importlib.util.find_spec(name.split('.')[0]) is None for name in sys.argv[1:]): sys.exit(127)
for name in sys.argv[1:]: importlib.import_module(name)`;

const pythonWith = (...modules: string[]): State => runs(python, '-c', importAll, ...modules);

const isJq16 = () => spawnSync('jq', ['--version'], { encoding: 'utf8' }).stdout?.trim() === 'jq-1.6';

/** Arguments of `unshare` for mounts and processes of their own. */
export const hostNamespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

const canHaveHost = () =>
  process.platform === 'linux' &&
  ['nsenter', 'setpriv', 'useradd', '/usr/bin/curl'].every((name) => spawnSync('which', [name]).status === 0) &&
  spawnSync('unshare', [...hostNamespaces, 'mount', '--bind', tmpdir(), '/mnt']).status === 0;

/** Asks each tool once a run; the other test files read the answer. */
function stateOf(tool: Tool): State {
  const folder = process.env.MILLRACE_TEST_RUN;
  const file = folder && join(folder, `tool-${tool}`);
  if (file && existsSync(file)) {
    const known = readFileSync(file, 'utf8');
    if (known !== '') return known as State;
  }
  const state = tools[tool].state();
  if (file) writeFileSync(file, state);
  return state;
}

type Define = () => void;
type Run = () => unknown;
interface Needs {
  /** Whether all tools work. */
  areThere: boolean;
  describe(name: string, define: Define): void;
  test(name: string, run: Run, timeoutMs?: number): void;
}

/**
 * Jest's `describe` and `test` for what needs tools: skipped without them, with the reason in the name. With
 * MILLRACE_TEST_REQUIRE=all (CI) they fail instead where a tool is there and does not run, and where there is no
 * browser.
 */
export function needs(...wanted: Tool[]): Needs {
  const missing = wanted.map((tool) => ({ tool, state: stateOf(tool) })).filter(({ state }) => state !== 'works');
  const run = (work: Run) => async () => void (await work());
  if (missing.length === 0)
    return { areThere: true, describe, test: (name, work, timeoutMs) => test(name, run(work), timeoutMs) };
  const reason = `needs ${missing.map(({ tool }) => `${tool}: ${tools[tool].install}`).join('; ')}`.replace(
    /[()]/g,
    '',
  );
  if (process.env.MILLRACE_TEST_REQUIRE === 'all' && missing.some(({ state }) => state === 'broken')) {
    const fail = (name: string) =>
      test(`${name} (${reason})`, () => {
        throw new Error(reason);
      });
    return { areThere: false, describe: fail, test: fail };
  }
  return {
    areThere: false,
    describe: (name, define) => describe.skip(`${name} (${reason})`, define),
    test: (name, work) => test.skip(`${name} (${reason})`, run(work)),
  };
}

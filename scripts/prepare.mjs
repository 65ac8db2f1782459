// Installs and builds what is missing, and nothing else: the shared first step of `npm start`, `npm test` and `npm run build`.
// Runs before `npm ci`, so it uses nothing but Node.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const buildStamp = join(root, '.build', 'stamp');
const trackerStamp = join(root, '.build', 'tracker');

/** @returns {never} */
function fail(message) {
  console.error(`millrace: ${message}`);
  process.exit(1);
}

/** Runs a command with its output on the terminal; ends this process when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  if (result.signal) fail(`${command} ${args.join(' ')} was ended by ${result.signal}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20)
    fail(`Node ${process.versions.node} is too old: Millrace needs Node 20 or newer (https://nodejs.org).`);
}

/** npm's own record of what it has put into node_modules; undefined where it has put nothing. */
function npmRecord() {
  const file = join(root, 'node_modules', '.package-lock.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

/**
 * Installs what the lock file has and node_modules has not; `all` counts what only the tests need. Packages that are there stay where they
 * are, so that `npm test` takes nothing away from an `npm start` that runs.
 */
function install(all) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const record = npmRecord();
  const isMissing = ([path, wanted]) => {
    const isNeeded = path.includes('node_modules/') && !wanted.link && !wanted.optional && !wanted.devOptional;
    return isNeeded && (all || !wanted.dev) && record?.[path]?.version !== wanted.version;
  };
  if (record && !Object.entries(packages).some(isMissing)) return;
  const command = record ? ['install', '--no-save'] : ['ci'];
  const omitted = all ? [] : ['--omit=dev'];
  console.log(`millrace: installing dependencies (npm ${[...command, ...omitted].join(' ')}) …`);
  // On Windows npm is a script, which only a shell starts.
  run('npm', [...command, '--no-audit', '--no-fund', '--loglevel=error', ...omitted], {
    shell: process.platform === 'win32',
    env: { ...process.env, NODE_ENV: '' },
  });
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else yield path;
  }
}

/** Changes whenever one of these files changes. */
function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest('hex');
}

const general = ['tsconfig.base.json', 'package-lock.json'].map((file) => join(root, file));

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Removes compiled files whose source is gone, so that no deleted test goes on passing. */
function removeOrphans() {
  for (const name of workspaces) {
    for (const part of ['src', 'test']) {
      const out = join(root, name, 'dist', part);
      if (!existsSync(out)) continue;
      for (const file of sourceFiles(out)) {
        const match = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(file);
        if (!match) continue;
        const source = match[1].replace(out, join(root, name, part));
        if (!existsSync(`${source}.ts`)) rmSync(file);
      }
    }
  }
}

const bin = (name) => join(root, 'node_modules', ...name.split('/'));

/** To minify the tracker takes as long as to compile all: not again when nothing of it has changed. */
function bundleTracker() {
  const own = ['package.json', 'rollup.config.mjs'].map((file) => join(root, 'sdk', file));
  const now = fingerprint([...general, ...own, ...sourceFiles(join(root, 'sdk/src'))]);
  if (read(trackerStamp) === now && existsSync(join(root, 'sdk/dist/cjs/limits.cjs'))) return;
  run(process.execPath, [bin('rollup/dist/bin/rollup'), '-c', 'sdk/rollup.config.mjs', '--silent']);
  write(trackerStamp, now);
}

function build(all) {
  const now = fingerprint([...general, ...workspaces.flatMap((name) => [...sourceFiles(join(root, name))])]);
  const have = read(buildStamp);
  if (have === `${now} all` || (have === `${now} run` && !all)) return;
  console.log('millrace: building …');
  removeOrphans();
  run(process.execPath, [bin('typescript/bin/tsc'), '-b', all ? 'tsconfig.json' : 'tsconfig.build.json']);
  bundleTracker();
  write(buildStamp, `${now} ${all ? 'all' : 'run'}`);
}

/** @param {{ all: boolean }} what `all` adds the tests and what they need. */
export function prepare({ all }) {
  checkNode();
  install(all);
  build(all);
}

// `npm run watch`: installs and builds what is missing, then compiles after every change of a source or a test. When the tracker or the
// schema changed, Rollup makes what a page loads, too.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare({ all: true });
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const node = (script, ...args) =>
  spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: 'inherit' }).status;

let tracker = false;
let timer;

/** An editor saves several files at once: the compiler waits until no file has changed for a moment. */
function changed(folder) {
  tracker ||= folder === join('sdk', 'src');
  clearTimeout(timer);
  timer = setTimeout(compile, 200);
}

function compile() {
  const began = performance.now();
  if (node('typescript/bin/tsc', '-b', 'tsconfig.json') !== 0) return;
  if (tracker && node('rollup/dist/bin/rollup', '-c', 'sdk/rollup.config.mjs', '--silent') !== 0) return;
  tracker = false;
  console.log(`millrace: compiled in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

for (const folder of workspaces.flatMap((name) => [join(name, 'src'), join(name, 'test')])) {
  if (existsSync(join(root, folder))) watch(join(root, folder), { recursive: true }, () => changed(folder));
}
console.log('millrace: watching; Ctrl-C ends it');

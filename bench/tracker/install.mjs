import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const read = (path) => JSON.parse(readFileSync(`${here}${path}`, 'utf8'));

const installed = (name) =>
  existsSync(`${here}node_modules/${name}/package.json`) && read(`node_modules/${name}/package.json`).version;

/** Installs the trackers into this folder's own node_modules, if what is there is not what package.json pins. Gives the versions by name. */
export function install() {
  const { dependencies } = read('package.json');
  const stale = Object.entries(dependencies).filter(([name, version]) => installed(name) !== version);
  if (stale.length > 0) {
    console.error(`bench/tracker: installing ${stale.map(([name]) => name).join(', ')} …`);
    // No package needs a script of its own to run.
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
      cwd: here,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    if (status !== 0) throw new Error('bench/tracker: npm ci failed; run it in that folder to see why');
  }
  return dependencies;
}

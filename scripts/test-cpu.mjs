// `node scripts/test-cpu.mjs [PATTERN…]`: runs the tests and lists the files, then the tests and hooks, that use the most CPU time. After
// `npm run build`. The CPU time of a child process counts where it ends, often in a hook, and only on Linux.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { jest } from './jest.mjs';
import { root } from './prepare.mjs';

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-cpu-'));
const out = join(folder, 'cpu.jsonl');
const { status } = spawnSync(
  process.execPath,
  [...jest, '--env', join(root, 'testing/jest/cpu-environment.mjs'), ...process.argv.slice(2)],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, MILLRACE_TEST_CPU: out } },
);
const text = existsSync(out) ? readFileSync(out, 'utf8') : '';
rmSync(folder, { recursive: true });
const parts = text
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));

function list(title, rows, count) {
  console.log(`\n${title}: seconds of CPU, of the Jest worker and of its child processes`);
  for (const { name, own, children } of rows.sort((a, b) => b.own + b.children - a.own - a.children).slice(0, count))
    console.log(`${[own + children, own, children].map((s) => s.toFixed(2).padStart(7)).join('')}  ${name}`);
}

const sum = { name: 'all', own: 0, children: 0 };
const files = new Map();
const tests = parts.map(({ file, name, own, children }) => {
  const path = relative(root, file).replace(/\/dist\//, '/');
  const total = files.get(path) ?? { name: path, own: 0, children: 0 };
  files.set(path, total);
  for (const one of [sum, total]) {
    one.own += own;
    one.children += children;
  }
  return { name: `${path}: ${name}`, own, children };
});
list('Files', [sum, ...files.values()], 41);
list(
  'Tests and hooks',
  tests.filter(({ own, children }) => own + children >= 0.05),
  60,
);
process.exitCode = status ?? 1;

// `node scripts/test-cpu.mjs [PATTERN…]`: the CPU time of each test file, child processes included, the largest first. After `npm run build`.
// Each file runs alone in one worker; Jest's own start, which all files of a run share, is shown first. Needs bash, whose `time` counts
// the children that were waited for.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const jest = join(root, 'node_modules/jest/bin/jest.js');
const node = [process.execPath, '--experimental-vm-modules', '--no-warnings', jest];

/** Seconds of CPU (user and system) and of time. */
function measure(args) {
  const { stderr, status } = spawnSync('bash', ['-c', 'TIMEFORMAT="@@ %U %S %R"; time "$@" 2>&1', 'time', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const [, user, system, wall] = /@@ ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr).map(Number);
  return { cpu: user + system, wall, isGreen: status === 0 };
}

const { stdout } = spawnSync(node[0], [...node.slice(1), '--listTests', ...process.argv.slice(2)], {
  cwd: root,
  encoding: 'utf8',
});
const files = stdout.split('\n').filter((line) => line.endsWith('.test.js'));
const start = measure([...node, '--passWithNoTests', '-t', 'no test has this name', files[0]]);
console.log(`Jest's own start: ${start.cpu.toFixed(1)} s of CPU. ${files.length} files:`);
const rows = files.map((file) => {
  const row = { file: file.slice(root.length + 1), ...measure([...node, '-w', '1', file]) };
  console.error(`${row.cpu.toFixed(1)} ${row.file}`);
  return row;
});
for (const { file, cpu, wall, isGreen } of rows.sort((a, b) => b.cpu - a.cpu))
  console.log(
    `${cpu.toFixed(1).padStart(6)} s CPU ${wall.toFixed(1).padStart(6)} s  ${isGreen ? '' : 'FAILED '}${file}`,
  );
console.log(`${rows.reduce((sum, { cpu }) => sum + cpu, 0).toFixed(0)} s of CPU`);

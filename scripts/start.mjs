// `npm start`: installs and builds what is missing, then runs `millrace dev` with the arguments given after `--`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare({ all: false });
const child = spawn(process.execPath, [join(root, 'infra-scripts/bin/millrace.js'), 'dev', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// A terminal's Ctrl-C reaches the child by itself, and a second one would end it at once: SIGINT is not handed on. Other signals are.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

// `npm start`: installs and builds what is missing, then runs `millrace dev` with the arguments given after `--`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

// Before all that takes time: it may end meanwhile.
const parent = process.ppid;
prepare({ all: false });
const child = spawn(process.execPath, [join(root, 'infra-scripts/bin/millrace.js'), 'dev', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

// It ends in order when the channel closes, also when this process is killed. A signal is not handed on: a terminal gives it to both,
// and a second one would end `millrace dev` at once.
const end = () => {
  if (child.connected) child.disconnect();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);

// npm tells nobody that it was killed, or that its terminal is gone. Without npm, a parent may go: `nohup` and `disown` mean that.
if (process.env.npm_lifecycle_event === 'start') {
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, 300).unref();
}

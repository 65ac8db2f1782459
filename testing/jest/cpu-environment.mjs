// The Jest environment of `scripts/test-cpu.mjs`: writes the CPU time of each test and hook as a line of JSON.
import { appendFileSync, readFileSync } from 'node:fs';
import OwnContextEnvironment from './environment.mjs';

/** Seconds of CPU that this process has used. */
const ownSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Seconds of CPU of the child processes that have ended, and of theirs: Linux alone tells them. */
function childSeconds() {
  if (process.platform !== 'linux') return 0;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // cutime and cstime of proc(5), in hundredths of a second; the name before them may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

export default class CpuEnvironment extends OwnContextEnvironment {
  constructor(_config, context) {
    super();
    this.file = context.testPath;
    this.begin();
  }

  begin() {
    this.since = { own: ownSeconds(), children: childSeconds() };
  }

  end(name) {
    const own = ownSeconds() - this.since.own;
    const children = childSeconds() - this.since.children;
    appendFileSync(process.env.MILLRACE_TEST_CPU, `${JSON.stringify({ file: this.file, name, own, children })}\n`);
  }

  handleTestEvent(event) {
    const part = event.name.replace(/_(success|failure)$/, '');
    if (event.name === 'run_start') this.end('(loading)');
    else if (event.name === 'hook_start' || event.name === 'test_fn_start') this.begin();
    else if (part === 'hook') this.end(`(${event.hook.type})`);
    else if (part === 'test_fn') this.end(event.test.name);
  }
}

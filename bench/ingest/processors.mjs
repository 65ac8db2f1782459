// Processors and priorities: the server under measurement and its load must not take each other's time. Linux only.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** The server's processor and everybody else's, where there are two and `taskset` keeps processes there. */
export function separateProcessors() {
  const allowed = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  const cpus = allowed.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  if (cpus.length < 2 || spawnSync('taskset', ['--version']).status !== 0) return undefined;
  return { server: String(cpus[0]), others: cpus.slice(1).join(',') };
}

/** From now on this process and those it starts run there. */
export function keepTo(cpus) {
  spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cpus, String(process.pid)]);
}

/**
 * This process and those that it starts come before what else the machine does, where that is allowed: the time that others take is no part of
 * what is measured. Only a little before: the kernel's threads that carry packets have to get their turn, too.
 */
export function comeFirst() {
  const group = '/proc/self/autogroup';
  try {
    setPriority(-7);
    writeFileSync(group, '-7');
    process.on('exit', () => writeFileSync(group, '0'));
  } catch {
    console.log('Other processes of this machine may take part in this: priorities cannot be set here');
  }
}

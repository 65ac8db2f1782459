import { readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Folders that this process itself has open. */
const open = new Set<string>();

/** Two that begin in the same instant see each other and both step back; the waits between tries are random and grow, so one comes first. */
const tries = 8;
const pauseMs = (attempt: number) => Math.random() * Math.min(1_000, 20 * 2 ** attempt);

/** When a process began, where the system tells (Linux): tells a process from a later one with the same number. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === start;
}

/** A process's flag is a file whose name says whose it is, so that nobody but its owner, or who finds it dead, ever touches it. */
const flagOf = (pid: number) => `lock.${pid}.${startOf(pid)}`;

/** The other processes that have their flag in the folder. What dead ones left is taken away. */
async function othersIn(folder: string, mine: string): Promise<number[]> {
  const others: number[] = [];
  for (const name of await readdir(folder)) {
    const [, pid, start] = /^lock\.(\d+)\.(\d*)$/.exec(name) ?? [];
    if (pid === undefined || name === mine) continue;
    if (isAlive(Number(pid), start!)) others.push(Number(pid));
    else await rm(join(folder, name), { force: true });
  }
  return others;
}

/**
 * Takes a folder for this process, and returns how to let it go. A process puts its flag up first and looks for others' flags then: of two
 * that do so at the same time at least one sees the other, and who sees another takes its own down. A flag left by a process that is gone
 * counts for nothing. Two containers that share a volume cannot see each other's processes and are not kept apart.
 * @throws Error naming the folder and the process that has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const flag = flagOf(process.pid);
  const path = join(folder, flag);
  const inUse = (pid: number) =>
    new Error(
      `the spool folder ${folder} is in use by process ${pid}: stop that server, or give this one another MILLRACE_SPOOL_FOLDER`,
    );
  if (open.has(folder)) throw inUse(process.pid);
  open.add(folder);
  const release = async () => {
    await rm(path, { force: true });
    open.delete(folder);
  };
  try {
    for (let attempt = 1; ; attempt++) {
      await writeFile(path, '').catch((error: NodeJS.ErrnoException) => {
        // On a full disk the server must start all the same: delivering what is spooled is what makes room.
        if (error.code !== 'ENOSPC') throw error;
      });
      const [other] = await othersIn(folder, flag);
      if (other === undefined) return release;
      await rm(path, { force: true });
      if (attempt === tries) throw inUse(other);
      await pause(pauseMs(attempt));
    }
  } catch (error) {
    open.delete(folder);
    throw error;
  }
}

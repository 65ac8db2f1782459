import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders that this process itself has open. */
const open = new Set<string>();

/** When a process began, where the system tells (Linux): tells a process from a later one with the same number. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Takes a folder for this process, and returns how to let it go. A lock left by a process that is gone is taken over. Two
 * containers that share a volume cannot see each other's processes and are not kept apart.
 * @throws Error naming the folder and the process that has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'lock');
  const [pidText = '', start = ''] = await readFile(file, 'utf8').then(
    (text) => text.trim().split(' '),
    () => [],
  );
  const pid = Number(pidText);
  const taken = pid === process.pid ? open.has(folder) : pid > 0 && isAlive(pid) && startOf(pid) === start;
  if (taken) {
    throw new Error(
      `the spool folder ${folder} is in use by process ${pid}: stop that server, or give this one another MILLRACE_SPOOL_FOLDER`,
    );
  }
  await writeFile(file, `${process.pid} ${startOf(process.pid)}\n`).catch((error: NodeJS.ErrnoException) => {
    // On a full disk the server must start all the same: delivering what is spooled is what makes room.
    if (error.code !== 'ENOSPC') throw error;
  });
  open.add(folder);
  return async () => {
    open.delete(folder);
    await rm(file, { force: true });
  };
}

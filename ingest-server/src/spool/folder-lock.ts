import { readFileSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '@millrace/kit/backoff';

/** Folders that this process itself has open. */
const open = new Set<string>();

/** Two that begin in the same instant see each other and both step back; the waits between tries are random and grow, so one comes first. */
const tries = 8;
const retry = { baseMs: 40, capMs: 1_000 };

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

/** How often a process shows, by its flag's time, that it lives: what a later one learns of its end is no more exact. */
const signOfLifeMs = 1_000;

interface Flags {
  /** The processes that have the folder, besides this one. */
  others: number[];
  /** Flags of processes that ended without taking them down, and when these were last seen to live, in milliseconds since 1970. */
  left: { path: string; at: number }[];
}

async function flagsIn(folder: string, mine: string): Promise<Flags> {
  const flags: Flags = { others: [], left: [] };
  for (const name of await readdir(folder)) {
    const [, pid, start] = /^lock\.(\d+)\.(\d*)$/.exec(name) ?? [];
    if (pid === undefined || name === mine) continue;
    const path = join(folder, name);
    if (isAlive(Number(pid), start!)) flags.others.push(Number(pid));
    // Another that starts may have taken it away meanwhile.
    else
      await stat(path).then(
        ({ mtimeMs }) => flags.left.push({ path, at: mtimeMs }),
        () => {},
      );
  }
  return flags;
}

export interface FolderLock {
  /**
   * When processes that had the folder and never let it go were last seen to live, in milliseconds since 1970: the first and the last of them.
   * Undefined where each has let it go.
   */
  leftOpen: { first: number; last: number } | undefined;
  /** Forgets them: whoever comes next is not told of them any more. */
  settle(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a folder for this process. A process puts its flag up first and looks for others' flags then: of two that do so at the same time at
 * least one sees the other, and who sees another takes its own down. A flag left by a process that is gone keeps nobody out; it only tells
 * that it was not taken down. Two containers that share a volume cannot see each other's processes and are not kept apart.
 * @throws Error naming the folder and the process that has it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const flag = flagOf(process.pid);
  const path = join(folder, flag);
  const inUse = (pid: number) =>
    new Error(
      `the spool folder ${folder} is in use by process ${pid}: stop that server, or give this one another MILLRACE_SPOOL_FOLDER`,
    );
  if (open.has(folder)) throw inUse(process.pid);
  open.add(folder);
  try {
    for (let attempt = 1; ; attempt++) {
      await writeFile(path, '').catch((error: NodeJS.ErrnoException) => {
        // On a full disk the server must start all the same: delivering what is spooled is what makes room.
        if (error.code !== 'ENOSPC') throw error;
      });
      const { others, left } = await flagsIn(folder, flag);
      if (others.length === 0) return holdFolder(folder, path, left);
      await rm(path, { force: true });
      if (attempt === tries) throw inUse(others[0]!);
      await pause(backoffMs(attempt, retry));
    }
  } catch (error) {
    open.delete(folder);
    throw error;
  }
}

function holdFolder(folder: string, path: string, left: Flags['left']): FolderLock {
  const signs = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), signOfLifeMs).unref();
  const times = left.map(({ at }) => at);
  return {
    leftOpen: left.length === 0 ? undefined : { first: Math.min(...times), last: Math.max(...times) },
    async settle() {
      await Promise.all(left.map((one) => rm(one.path, { force: true })));
    },
    async release() {
      clearInterval(signs);
      await rm(path, { force: true });
      open.delete(folder);
    },
  };
}

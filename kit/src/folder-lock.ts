import { readFileSync } from 'node:fs';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from './backoff.js';

/** Folders that this process has open. */
const open = new Set<string>();

/** Two that start in the same instant see each other and both step back; random waits that grow let one come first. */
const tries = 8;
const retry = { baseMs: 40, capMs: 1_000 };

/**
 * When a process began, in clock ticks, to tell it from a later one with the same id. Only Linux has /proc: elsewhere
 * it is empty, and a crashed server's flag may count as alive while another process has its id.
 */
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

/** A process's flag: a file named after it, so that only its owner, or one that finds the owner dead, touches it. */
const flagOf = (pid: number) => `lock.${pid}.${startOf(pid)}`;

/** How often a process touches its flag, as a sign of life: a later one knows the time of a crash no better. */
const signOfLifeMs = 1_000;

interface Flags {
  /** Other processes that use the folder. */
  others: number[];
  /** Flags of crashed processes, with their last signs of life in milliseconds since 1970. */
  left: { path: string; at: number }[];
}

async function flagsIn(folder: string, mine: string): Promise<Flags> {
  const flags: Flags = { others: [], left: [] };
  for (const name of await readdir(folder)) {
    const [, pid, start] = /^lock\.(\d+)\.(\d*)$/.exec(name) ?? [];
    if (pid === undefined || name === mine) continue;
    const path = join(folder, name);
    if (isAlive(Number(pid), start!)) flags.others.push(Number(pid));
    // Another that starts may have removed it meanwhile.
    else
      await stat(path).then(
        ({ mtimeMs }) => flags.left.push({ path, at: mtimeMs }),
        () => {},
      );
  }
  return flags;
}

/** How long a look at a sign of life lasts: a process that lives gives several. */
const watchMs = 2_500;

/**
 * The process that has a folder open, also one of another host or container that shares it: its id means nothing here,
 * but its sign of life changes. Undefined when there is none.
 */
export async function liveUser(folder: string): Promise<number | undefined> {
  const { others, left } = await flagsIn(folder, '');
  if (others.length > 0) return others[0];
  const isFresh = ({ at }: Flags['left'][number]) => Math.abs(Date.now() - at) < 60_000;
  const fresh = left.filter(isFresh);
  for (const until = Date.now() + watchMs; fresh.length > 0 && Date.now() < until; await pause(100)) {
    for (const { path, at } of fresh) {
      const now = await stat(path).catch(() => undefined);
      if (now !== undefined && now.mtimeMs !== at) return Number(/lock\.(\d+)\.\d*$/.exec(path)![1]);
    }
  }
  return undefined;
}

/** This process's hold on a folder. */
export interface FolderLock {
  /** The first and the last sign of life of processes that crashed with the folder; undefined without any. */
  leftOpen: { first: number; last: number } | undefined;
  /** Removes the flags of the crashed processes. */
  settle(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a folder for this process. A process first writes its flag and then looks for others': of two at the same time
 * at least one sees the other, and removes its own. The flag of a crashed process keeps nobody out. Two containers that
 * share a volume cannot see each other's processes, and are not kept apart.
 * @param inUse makes the error that is thrown when another process uses the folder
 */
export async function lockFolder(folder: string, inUse: (pid: number) => Error): Promise<FolderLock> {
  const flag = flagOf(process.pid);
  const path = join(folder, flag);
  if (open.has(folder)) throw inUse(process.pid);
  open.add(folder);
  try {
    for (let attempt = 1; ; attempt++) {
      await writeFile(path, '').catch((error: NodeJS.ErrnoException) => {
        // On a full disk a server must start all the same: delivering what it keeps makes room.
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

import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The file system, as much of it as the store uses. Production passes Node's own; tests pass one that fails, or dies, at a chosen call,
 * to prove what is left behind.
 */
export type Disk = Pick<
  typeof fs,
  'open' | 'rename' | 'unlink' | 'mkdir' | 'rmdir' | 'lstat' | 'readdir' | 'readFile' | 'rm'
>;

export const nodeDisk: Disk = fs;

export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** What `work` gives, or nothing if the file or folder is not there. */
export async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** A file that is being written; nobody sees it under the object's name before it is renamed there. */
export interface TempFile {
  readonly path: string;
  write(piece: Buffer): Promise<void>;
  /** Hands what is left to the system, and says what identifies the file from now on, wherever it is renamed to. */
  finish(): Promise<FileIdentity>;
  /** Gives it a later modification time, for the case that the object's old version has the same identity. */
  moveTime(byNs: bigint): Promise<FileIdentity>;
  /** When this resolves, the content is on the disk, and the file is closed. */
  sync(): Promise<void>;
  /** From now on it belongs to whoever renamed it. */
  release(): void;
  /** Closes and removes it, unless it was released. Never throws: it is called when something else has failed. */
  discard(): Promise<void>;
}

/**
 * A file's size and modification time. Renaming keeps both, so metadata that names them belongs to exactly that content: not to the version
 * before, and not to a file that a person put in its place.
 */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeNs: bigint;
}

/** Small pieces are gathered up to here, so that a body in 16 kB pieces does not cost a system call for each. */
const gatherBytes = 256 * 1024;

export async function createTempFile(disk: Disk, path: string): Promise<TempFile> {
  const handle = await disk.open(path, 'wx');
  let gathered: Buffer[] = [];
  let bytes = 0;
  let closed = false;
  let released = false;

  async function flush(): Promise<void> {
    if (bytes === 0) return;
    const whole = gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered, bytes);
    gathered = [];
    bytes = 0;
    // A write may take less than it is given, and does so when the disk is nearly full.
    for (let at = 0; at < whole.length; ) at += (await handle.write(whole, at, whole.length - at)).bytesWritten;
  }

  async function identity(): Promise<FileIdentity> {
    const { size, mtimeNs } = await handle.stat({ bigint: true });
    return { size: Number(size), mtimeNs };
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await handle.close();
  }

  return {
    path,
    async write(piece) {
      gathered.push(piece);
      bytes += piece.length;
      if (bytes >= gatherBytes) await flush();
    },
    async finish() {
      await flush();
      return identity();
    },
    async moveTime(byNs) {
      const { mtimeNs } = await identity();
      const seconds = Number((mtimeNs + byNs) / 1000n) / 1e6;
      await handle.utimes(seconds, seconds);
      return identity();
    },
    async sync() {
      await flush();
      await handle.sync();
      await close();
    },
    release() {
      released = true;
    },
    async discard() {
      await close().catch(() => undefined);
      if (!released) await disk.unlink(path).catch(() => undefined);
    },
  };
}

/** Puts a small file in place in one step: readers, and whoever looks after a crash, see the old content or the new. The folder is not yet synced. */
export async function replaceFile(disk: Disk, path: string, tempPath: string, content: string): Promise<void> {
  const temp = await createTempFile(disk, tempPath);
  try {
    await temp.write(Buffer.from(content));
    await temp.sync();
    await disk.rename(tempPath, path);
    temp.release();
  } finally {
    await temp.discard();
  }
}

/** Makes the names in a folder last through a power cut. */
export type FolderSync = (folder: string) => Promise<void>;

/**
 * Callers that want the same folder synced while a sync of it is running share the next one: under many small puts, one sync serves all that
 * wait. (Not the running one: it may have begun before their rename.)
 */
export function createFolderSync(disk: Disk): FolderSync {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  async function syncNow(folder: string): Promise<void> {
    const handle = await disk.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  function start(folder: string): Promise<void> {
    const sync = syncNow(folder).finally(() => running.delete(folder));
    running.set(folder, sync);
    return sync;
  }

  return (folder) => {
    const current = running.get(folder);
    if (!current) return start(folder);
    let next = waiting.get(folder);
    if (!next) {
      next = current
        .catch(() => undefined)
        .then(() => {
          waiting.delete(folder);
          return start(folder);
        });
      waiting.set(folder, next);
    }
    return next;
  };
}

/** Syncs a folder, or the nearest one above that still is there, down to `root`. */
export async function syncNearest(sync: FolderSync, folder: string, root: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return await sync(at);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || at === root || at === dirname(at)) throw error;
    }
  }
}

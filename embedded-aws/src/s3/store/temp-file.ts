import type { Disk, FileIdentity } from './disk.js';

/** A file that is being written. It has the object's name only once it is renamed. */
export interface TempFile {
  readonly path: string;
  write(piece: Buffer): Promise<void>;
  /** Writes what is gathered, and returns the file's identity, which renaming keeps. */
  finish(): Promise<FileIdentity>;
  /** Gives it a later modification time, in case the object's old version has the same identity. */
  moveTime(byNs: bigint): Promise<FileIdentity>;
  /** Syncs the content to the disk, and closes the file. */
  sync(): Promise<void>;
  /** Keeps the file: it was renamed to its place. */
  release(): void;
  /** Closes the file, and removes it unless it was released. Never throws: the caller may be handling another error. */
  discard(): Promise<void>;
}

/** Gathers small pieces up to this size, so that a body in pieces of 16 kB does not need a system call for each. */
const gatherBytes = 256 * 1024;

/** Creates the file. @throws EEXIST when it exists */
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

/**
 * Replaces a small file in one step: readers, also after a crash, see the old content or the new. The caller syncs the
 * folder.
 */
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

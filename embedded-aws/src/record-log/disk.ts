import {
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../state-file.js';

/** A file that is being written. */
export interface LogFile {
  /** Resolves when all of the bytes are written, and not before. */
  write(bytes: Buffer, position: number): Promise<void>;
  /** Resolves when what was written is on disk. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What a log needs of a disk; tests let it fail and lose what was not synced. */
export interface LogDisk {
  /** Makes a folder, and those above it, that lasts. */
  makeFolder(path: string): Promise<void>;
  /** The files in a folder, with their sizes in bytes. */
  list(path: string): Promise<{ name: string; bytes: number }[]>;
  read(path: string): Promise<Buffer>;
  /** Opens a file to be written, and makes it where there is none. */
  open(path: string): Promise<LogFile>;
  /** Writes a file, unless it is there. Returns whether it was not. */
  writeNew(path: string, bytes: Buffer): Promise<boolean>;
  /** Cuts a file that is not open, and syncs that. */
  cut(path: string, bytes: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** A file's name lasts only once its folder is synced. */
  syncFolder(path: string): Promise<void>;
}

async function writeWhole(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** The disk of this machine. */
export const machineDisk: LogDisk = {
  async makeFolder(path) {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  },
  async list(path) {
    const names = await readdir(path);
    return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(path, name))).size })));
  },
  read: (path) => readFile(path),
  async open(path) {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT);
    return {
      write: (bytes, position) => writeWhole(handle, bytes, position),
      sync: () => handle.datasync(),
      truncate: (bytes) => handle.truncate(bytes),
      close: () => handle.close(),
    };
  },
  async writeNew(path, bytes) {
    try {
      await writeFile(path, bytes, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      await rm(path, { force: true });
      throw error;
    }
  },
  async cut(path, bytes) {
    await truncate(path, bytes);
    const handle = await open(path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  remove: (path) => rm(path, { force: true }),
  syncFolder,
};

import * as fs from 'node:fs/promises';

/**
 * What the store uses of the file system. Production passes Node's own; tests pass one that fails, or dies, at a chosen
 * call, to prove what is left behind.
 */
export type Disk = Pick<
  typeof fs,
  'open' | 'rename' | 'unlink' | 'mkdir' | 'rmdir' | 'lstat' | 'readdir' | 'readFile' | 'rm'
>;

/** Node's own. */
export const nodeDisk: Disk = fs;

/** `ENOENT` and the like; undefined for what is not an error of the file system. */
export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** The result of `work`, or undefined when the file or folder does not exist. */
export async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * A file's size and modification time. Renaming keeps both, so metadata that names them belongs to exactly that
 * content: not to the version before, and not to a file that a person put in its place.
 */
export interface FileIdentity {
  readonly size: number;
  readonly mtimeNs: bigint;
}

/** Whether two identities are of the same content. */
export const isSameFile = (a: FileIdentity, b: FileIdentity): boolean => a.size === b.size && a.mtimeNs === b.mtimeNs;

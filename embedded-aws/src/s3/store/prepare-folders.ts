import { MillraceError } from '@millrace/kit/millrace-error';
import { type Disk, errorCode } from './disk.js';

/**
 * Makes a folder and those above it. `what` is its use, for the message.
 * @throws MillraceError `STATE_UNREADABLE` when it cannot be used
 */
export async function ensureFolder(disk: Disk, path: string, what: string): Promise<void> {
  try {
    await disk.mkdir(path, { recursive: true });
  } catch (error) {
    const why =
      errorCode(error) === 'EEXIST' || errorCode(error) === 'ENOTDIR' ? 'a file is in its place' : String(error);
    throw new MillraceError(
      'STATE_UNREADABLE',
      `The ${what} ${path} cannot be used: ${why}. Move it away, or choose another folder.`,
      { cause: error },
    );
  }
}

/**
 * A rename between two file systems is not one step.
 * @throws MillraceError `STATE_UNREADABLE` when the folders are on two
 */
export async function requireOneFileSystem(disk: Disk, folder: string, tempFolder: string): Promise<void> {
  const [data, temp] = await Promise.all([disk.lstat(folder), disk.lstat(tempFolder)]);
  if (data.dev !== temp.dev)
    throw new MillraceError(
      'STATE_UNREADABLE',
      `The S3 folder ${folder} and its metadata folder ${tempFolder} are on two file systems, so objects cannot be put in place in one step. ` +
        'Choose two folders of one file system.',
    );
}

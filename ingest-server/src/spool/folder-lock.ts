import { type FolderLock, lockFolder as lock } from '@millrace/kit/folder-lock';
import { MillraceError } from '@millrace/kit/millrace-error';

export { type FolderLock, liveUser } from '@millrace/kit/folder-lock';

/**
 * Takes a spool's folder for this process.
 * @throws MillraceError SPOOL_IN_USE, naming the folder and the process that uses it
 */
export const lockFolder = (folder: string): Promise<FolderLock> =>
  lock(
    folder,
    (pid) =>
      new MillraceError(
        'SPOOL_IN_USE',
        `the spool folder ${folder} is in use by process ${pid}: stop that server, or give this one another MILLRACE_SPOOL_FOLDER`,
      ),
  );

import { statSync } from 'node:fs';
import { checkState, type StateCheck } from '@millrace/embedded-aws/check-state';
import { MillraceError, usageError } from '@millrace/kit/millrace-error';
import { checkStateVersion, stateFolder } from '../../state/state-folder.js';
import { stateCheckText } from '../text/state-check-text.js';

/** The options of `millrace aws check`. */
export interface AwsCheckOptions {
  state?: string;
  json?: true;
}

/**
 * Prints what is damaged in the embedded AWS's state.
 * @throws MillraceError `NO_STATE` (exit code 4) where there is none; `USAGE` when `--state` names no folder
 */
export async function awsCheck(options: AwsCheckOptions): Promise<void> {
  const folder = stateFolder(options);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (options.state !== undefined && !found?.isDirectory())
    throw usageError(`the state folder ${options.state} ${found ? 'is no folder' : 'does not exist'}`);
  // Of another version, the rest may say nothing.
  if (found) checkStateVersion(folder);
  const check = await checkState(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error;
    throw new MillraceError('BAD_STATE', `the state in ${folder} cannot be read: ${error.message}`, { cause: error });
  });
  if (check.kinds.length === 0)
    throw new MillraceError('NO_STATE', `there is no state of an embedded AWS in ${folder}: \`npm start\` makes one`, {
      exitCode: 4,
    });
  console.log(options.json ? JSON.stringify(asJson(folder, check)) : stateCheckText(folder, check));
  process.exitCode = check.damaged.length > 0 ? 1 : check.unknown.length > 0 ? 3 : 0;
}

const asJson = (folder: string, { inUseBy, kinds, damaged, unknown, unchecked }: StateCheck) => ({
  folder,
  in_use_by: inUseBy ?? null,
  kinds,
  damaged: damaged.map(({ kind, file, what, start, end, records, setAside }) => ({
    kind,
    file,
    what,
    start: start ?? null,
    end: end ?? null,
    records: records ?? null,
    set_aside: setAside ?? null,
  })),
  unknown,
  unchecked,
});

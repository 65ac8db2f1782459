import { usageError } from '@millrace/kit/millrace-error';
import { runningServer } from '../state/running-servers.js';
import { type StateOptions, stateFolder } from '../state/state-folder.js';

/**
 * The ingest server's address: the one given, else the one that runs on the state folder.
 * @throws MillraceError `USAGE` when there is neither, or the address is not an http or https URL.
 */
export function ingestTarget(url: string | undefined, options: StateOptions = {}): string {
  const target = url ?? runningServer(stateFolder(options), 'ingest')?.url;
  if (target === undefined) {
    throw usageError(
      'no ingest server runs on this state folder: start one with `npm start`, or name one with --to http://HOST:PORT',
    );
  }
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) {
    throw usageError(
      `--to: invalid URL ${JSON.stringify(target)}: give an http or https URL, as http://localhost:8080`,
    );
  }
  return target;
}

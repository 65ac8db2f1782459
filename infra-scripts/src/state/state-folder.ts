import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';

/** What a command is told about where the state lies. */
export interface StateOptions {
  /** The state folder, `--state`. */
  state?: string | undefined;
}

/**
 * The folder of the embedded AWS's streams, objects and positions: `--state`, else MILLRACE_STATE, else `.millrace`
 * here.
 */
export function stateFolder({ state }: StateOptions = {}): string {
  return resolve(state ?? process.env.MILLRACE_STATE ?? '.millrace');
}

/** The layout of the state folder that this release reads and writes. */
const stateVersion = 1;
const versionText = `${JSON.stringify({ millrace_state_version: stateVersion })}\n`;

/** The file is there whole, or not at all. */
function writeVersion(file: string): void {
  writeFileSync(`${file}.new`, versionText);
  renameSync(`${file}.new`, file);
}

/**
 * Creates the state folder, finishes one that was half made, or checks the one that is there.
 * @throws MillraceError `BAD_STATE` with the file and what to do, when it is damaged or of another version.
 */
export function openStateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw badState(
      `cannot create the state folder ${folder} (${(error as Error).message}); choose another with --state FOLDER`,
    );
  }
  if (!checkStateVersion(folder)) writeVersion(versionFile(folder));
}

const versionFile = (folder: string) => join(folder, 'state.json');

/**
 * Looks at the file that says which version of the state a folder holds. Returns whether it says so: a first start may
 * have been killed.
 * @throws MillraceError `BAD_STATE` as `openStateFolder`
 */
export function checkStateVersion(folder: string): boolean {
  const file = versionFile(folder);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw badState(`cannot read ${file}: ${(error as Error).message}`);
    return false;
  }
  // A release before 0.2.0 that was killed at its first start may have written only the beginning.
  if (text.length < versionText.length && versionText.startsWith(text)) return false;
  const version = versionIn(text);
  if (version === stateVersion) return true;
  const what =
    typeof version === 'number'
      ? `holds version ${version} of the state, and this release reads version ${stateVersion}`
      : 'is damaged: it does not say which version of the state the folder holds';
  throw badState(
    `${file} ${what}. Use the release that wrote the folder, or move ${folder} away and start anew: its streams, objects and positions go with it.`,
  );
}

const badState = (message: string) => new MillraceError('BAD_STATE', message);

function versionIn(text: string): unknown {
  try {
    return (JSON.parse(text) as Record<string, unknown>).millrace_state_version;
  } catch {
    return undefined;
  }
}

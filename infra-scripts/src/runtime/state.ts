import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The layout of the state folder that this release reads and writes. */
const stateVersion = 1;

/**
 * Makes the state folder, or checks the one that is there.
 * @throws Error naming the file and what to do, when it is damaged or of another version.
 */
export function openStateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Error(
      `cannot make the state folder ${folder} (${(error as Error).message}); choose another with --state FOLDER`,
    );
  }
  const file = join(folder, 'state.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Error(`cannot read ${file}: ${(error as Error).message}`);
    writeFileSync(file, `${JSON.stringify({ millrace_state_version: stateVersion })}\n`);
    return;
  }
  let version: unknown;
  try {
    version = (JSON.parse(text) as Record<string, unknown>).millrace_state_version;
  } catch {
    version = undefined;
  }
  if (version === stateVersion) return;
  const what =
    typeof version === 'number'
      ? `holds version ${version} of the state, and this release reads version ${stateVersion}`
      : 'is damaged: it does not say which version of the state the folder holds';
  throw new Error(
    `${file} ${what}. Use the release that wrote the folder, or move ${folder} away and start anew: its streams, objects and positions go with it.`,
  );
}

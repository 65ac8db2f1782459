import { bytesOf } from './files.js';
import type { Findings } from './findings.js';

/**
 * Looks at one state file, if it is there.
 * @param read reads it as its owner does, and says how many things are in it
 */
export async function checkStateFile(path: string, findings: Findings, read: () => Promise<number>): Promise<void> {
  const bytes = await bytesOf(path);
  if (bytes === undefined) return;
  try {
    findings.file(bytes.length, await read());
  } catch (error) {
    findings.file(bytes.length, 0);
    // The message begins with the path.
    findings.damage({ file: path, what: (error as Error).message.replace(`${path} `, '') });
  }
}

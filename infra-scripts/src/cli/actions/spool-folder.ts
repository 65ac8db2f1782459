import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lookAtSpool, type SpoolLook } from '@millrace/ingest-server/spool';
import { MillraceError, usageError } from '@millrace/kit/millrace-error';
import { harmless } from '../text/table.js';

/**
 * What lies in the spool's folder that a person names.
 * @throws MillraceError `USAGE` when it is no folder, `SPOOL_FOLDER` when it cannot be read, `NO_SPOOL` (exit code 4)
 * when no spool lies there
 */
export async function lookAtSpoolFolder(given: string): Promise<{ folder: string; look: SpoolLook }> {
  const folder = resolve(given);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) throw usageError(`the spool's folder ${given} does not exist`);
  if (!found.isDirectory()) throw usageError(`the spool is a folder, and ${given} is none`);
  const look = await lookAtSpool(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error;
    throw new MillraceError('SPOOL_FOLDER', `the spool in ${given} cannot be read: ${error.message}`, { cause: error });
  });
  if (look.segments === 0 && look.damaged.length === 0 && look.unknown.length === 0) {
    const others = look.others.length;
    const names = look.others.slice(0, 3).map(harmless).join(', ');
    const passed = others === 0 ? '' : `: ${others} other files passed over (${names}${others > 3 ? ', …' : ''})`;
    const below = look.others.includes('spool') ? `. The spool may be ${harmless(join(given, 'spool'))}` : '';
    throw new MillraceError('NO_SPOOL', `nothing is spooled in ${given}${passed}${below}`, { exitCode: 4 });
  }
  return { folder, look };
}

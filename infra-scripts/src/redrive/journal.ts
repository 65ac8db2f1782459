import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * The events that were sent again and acknowledged, by `identityText`, so that the next redrive leaves out what is
 * still on its way to the lake.
 */
export interface Journal {
  has(identity: string): boolean;
  add(identity: string): void;
}

/**
 * A file with one identity a line, as JSON: a stream's name may have line breaks. A torn last line, from a crash, is an
 * event that is sent again: a copy, which readers remove.
 * @throws MillraceError `BAD_JOURNAL` naming the file when it cannot be read or written.
 */
export function openJournal(path: string): Journal {
  const known = new Set<string>();
  const guard = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new MillraceError('BAD_JOURNAL', `the journal ${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  const text = guard(() => {
    mkdirSync(dirname(path), { recursive: true });
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  });
  for (const line of text.split('\n')) if (line !== '') known.add(line);
  if (text !== '' && !text.endsWith('\n')) guard(() => appendFileSync(path, '\n'));
  return {
    has: (identity) => known.has(JSON.stringify(identity)),
    add(identity) {
      const line = JSON.stringify(identity);
      known.add(line);
      guard(() => appendFileSync(path, `${line}\n`));
    },
  };
}

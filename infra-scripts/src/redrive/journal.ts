import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * The event_ids that were sent again and acknowledged, so that the next redrive leaves out what is still on its way to
 * the lake.
 */
export interface Journal {
  has(eventId: string): boolean;
  add(eventId: string): void;
}

/**
 * A file with one id a line. A torn last line, from a crash, is an id that is sent again: a copy, which readers remove.
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
    has: (eventId) => known.has(eventId),
    add(eventId) {
      known.add(eventId);
      guard(() => appendFileSync(path, `${eventId}\n`));
    },
  };
}

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from '@millrace/kit/crc32';
import { MillraceError } from '@millrace/kit/millrace-error';

/**
 * The events that were sent again and acknowledged, by `identityText`, so that the next redrive leaves out what is
 * still on its way to the lake.
 */
export interface Journal {
  has(identity: string): boolean;
  add(identity: string): void;
}

/** A line of the file: the identity as JSON, for a stream's name may have line breaks, a tab, and its CRC-32 in hex. */
const lineOf = (json: string) => `${json}\t${crc32(Buffer.from(json)).toString(16).padStart(8, '0')}`;

/** The identity of a line, as JSON; 0.1.0 wrote no checksum. Undefined for one that is damaged. */
function identityIn(line: string): string | undefined {
  const json = line.split('\t', 1)[0]!;
  return line === lineOf(json) || (line === json && /^".*"$/.test(json)) ? json : undefined;
}

/**
 * A file with one identity a line. A line that is damaged, or that a crash has torn, is an event that is sent again: a
 * copy, which readers remove.
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
  for (const line of text.split('\n')) known.add(identityIn(line) ?? '');
  if (text !== '' && !text.endsWith('\n')) guard(() => appendFileSync(path, '\n'));
  return {
    has: (identity) => known.has(JSON.stringify(identity)),
    add(identity) {
      const json = JSON.stringify(identity);
      known.add(json);
      guard(() => appendFileSync(path, `${lineOf(json)}\n`));
    },
  };
}

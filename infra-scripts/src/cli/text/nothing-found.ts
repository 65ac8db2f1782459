import type { Looked } from '@millrace/lake';
import { groupDigits, harmless } from './table.js';

/** `12 files passed over (a, b, c, …)`; nothing when there are none. */
export function passedOverText({ passedOver: { count, some } }: Looked): string {
  if (count === 0) return '';
  const more = count > some.length ? ', …' : '';
  return `${groupDigits(count)} ${count === 1 ? 'file' : 'files'} passed over (${some.map(harmless).join(', ')}${more})`;
}

/** What a command over the lake says, with the exit code 4, when there was nothing to look at. */
export function nothingFoundText(looked: Looked): string {
  const passed = passedOverText(looked);
  // Most often it is the folder above the bucket that was named.
  const below = looked.passedOver.some.map((key) => /^(.+?)\/page=[^/]*\/event=/.exec(key)?.[1]).find(Boolean);
  const hint = below === undefined ? '' : `. The lake may be ${looked.folder}/${harmless(below)}`;
  return `no events found in ${looked.folder}${passed && `: ${passed}`}${hint}`;
}

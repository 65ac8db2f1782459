import { groupOf } from './feature.js';

const bytes = (html: string) => Buffer.from(html, 'latin1');
const bigEndian = (html: string) => Buffer.from(`\ufeff${html}`, 'utf16le').swap16();

/** Documents that are not UTF-8. Their text is ASCII but for the title, which is bytes of the encoding. */
export const encodings = groupOf('encoding', 0.25, [
  { name: 'windows-1252', encoding: { charset: 'windows-1252', bytesOf: bytes } },
  { name: 'Shift_JIS', encoding: { charset: 'shift_jis', bytesOf: bytes } },
  { name: 'none is said', encoding: { bytesOf: bytes } },
  { name: 'UTF-16, little end first', encoding: { bytesOf: (html) => Buffer.from(`\ufeff${html}`, 'utf16le') } },
  { name: 'UTF-16, big end first', encoding: { bytesOf: bigEndian } },
]);

import fc from 'fast-check';

const character = (n: number): string => String.fromCodePoint(n < 0xd800 ? n : n + 0x800);

function numberOf(text: unknown): number {
  const point = (text as string).codePointAt(0) ?? 0;
  const n = point < 0xd800 ? point : point - 0x800;
  if (character(n) !== text) throw new Error('not a character');
  return n;
}

/**
 * Any character of Unicode, as a unit of `fc.string`. Its own unit `binary` makes the same ones, from a table of a
 * million entries that takes 0.5 s of CPU in each test file.
 */
export const anyCharacter = fc.nat(0x10ffff - 0x800).map(character, numberOf);

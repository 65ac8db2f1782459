/**
 * Orders two strings by their UTF-8 bytes, as S3 lists keys. JavaScript compares UTF-16 units, which differs in one
 * place: surrogates (everything from U+10000 on) sort before U+E000..U+FFFF there, and after them in UTF-8.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return utf8Rank(left) - utf8Rank(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates behind the rest of the 16-bit range. */
function utf8Rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

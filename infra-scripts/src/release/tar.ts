/** A file of an archive. */
export interface TarEntry {
  /** With slashes, relative. */
  path: string;
  data: Buffer;
  executable?: boolean;
}

const block = 512;

/**
 * A tar archive (POSIX ustar) of plain files. The same entries give the same bytes: no time, no owner.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
 * @throws RangeError for a path that the format cannot hold.
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const { path, data, executable } of entries) {
    parts.push(header(path, data.length, executable ? 0o755 : 0o644), data);
    const rest = data.length % block;
    if (rest > 0) parts.push(Buffer.alloc(block - rest));
  }
  parts.push(Buffer.alloc(2 * block));
  return Buffer.concat(parts);
}

/** A name of up to 100 bytes, and before it, at a slash, a prefix of up to 155. */
function split(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { name, prefix };
  }
  throw new RangeError(`${path} is too long for a tar archive`);
}

function header(path: string, size: number, mode: number): Buffer {
  const { name, prefix } = split(path);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  bytes.write(name, 0, 100, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  bytes.write('        ', 148, 'latin1');
  bytes.write('0', 156, 'latin1');
  bytes.write('ustar\0' + '00', 257, 'latin1');
  bytes.write(prefix, 345, 155, 'utf8');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

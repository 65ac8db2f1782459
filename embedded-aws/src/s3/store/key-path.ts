/**
 * From a key to its path in the bucket's folder, and back. A key has its own name wherever a file system can hold it,
 * so that `page=books/event=clicked_review/x.gz` is exactly that path. A name that starts with one of these marks is
 * escaped:
 *
 * - `%~name`: a file, `%+name`: a folder, whose own name is not possible: empty, `.`, `..`, with a NUL, or starting
 *   with a mark. In `name`, `%` is `%25` and NUL is `%00`.
 * - `%~name` is also the object `name` beside the objects `name/…`: a folder cannot hold a file and a folder of the
 *   same name. The prefix keeps the name, whichever was put first.
 * - `%-start`: a name longer than 255 bytes is the join of such folders and of the `%~` or `%+` in the last one.
 *
 * So different keys have different paths, and no path leaves the bucket's folder: no name is empty, `.` or `..`, or has
 * a `/` or a NUL.
 *
 * Not covered: file systems that take two names for one (macOS's and Windows's default: `A` and `a`, composed and
 * decomposed letters), where the later of two such objects replaces the earlier; and Windows's own rules (`: * ? " < >
 * |`, a dot at the end, `CON`), where the write fails.
 */
const fileMark = '%~';
const folderMark = '%+';
const continuedMark = '%-';
const marks: readonly string[] = [fileMark, folderMark, continuedMark];
const maxNameBytes = 255;

/** The two places that an object may have. */
export interface KeyPath {
  /** Folders from the bucket's folder down; each entry is one name on disk. */
  readonly folders: readonly string[];
  /** The usual place. The same as `beside` if the name needs escaping anyhow. */
  readonly file: { readonly folders: readonly string[]; readonly name: string };
  /** The place when a folder has the name. */
  readonly beside: { readonly folders: readonly string[]; readonly name: string };
}

/** The places of a key of at least one character. */
export function keyPath(key: string): KeyPath {
  const segments = key.split('/');
  const last = segments.pop()!;
  const folders = segments.flatMap(folderNames);
  const escaped = escapedNames(last, fileMark);
  const beside = { folders: [...folders, ...escaped.slice(0, -1)], name: escaped.at(-1)! };
  return { folders, file: standsByItself(last) ? { folders, name: last } : beside, beside };
}

/** The names on disk of one folder segment of a key. */
export function folderNames(segment: string): string[] {
  return standsByItself(segment) ? [segment] : escapedNames(segment, folderMark);
}

/** The meaning of one name on disk. `text` is its piece of the key; of a `continued` one, only the start. */
export interface ReadName {
  readonly kind: 'plain' | 'file' | 'folder' | 'continued';
  readonly text: string;
}

/** Reads one name, by its mark. */
export function readName(name: string): ReadName {
  const mark = name.slice(0, 2);
  if (!marks.includes(mark)) return { kind: 'plain', text: name };
  const payload = name.slice(2);
  const kind = mark === fileMark ? 'file' : mark === folderMark ? 'folder' : 'continued';
  return { kind, text: payload };
}

/** Removes the escapes from the joined texts of `%` names. */
export function unescapeText(text: string): string {
  return text.replace(/%(25|00)/g, (_, code: string) => (code === '25' ? '%' : '\0'));
}

function standsByItself(segment: string): boolean {
  return (
    segment !== '' &&
    segment !== '.' &&
    segment !== '..' &&
    !segment.includes('\0') &&
    !marks.includes(segment.slice(0, 2)) &&
    Buffer.byteLength(segment) <= maxNameBytes
  );
}

function escapedNames(segment: string, mark: string): string[] {
  const names: string[] = [];
  let rest = segment.replace(/[%\0]/g, (character) => (character === '%' ? '%25' : '%00'));
  const room = maxNameBytes - 2;
  while (Buffer.byteLength(rest) > room) {
    const begin = firstBytes(rest, room);
    names.push(continuedMark + begin);
    rest = rest.slice(begin.length);
  }
  names.push(mark + rest);
  return names;
}

/** The longest start of `text` in whole characters that fits into `maxBytes`. */
function firstBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let units = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    units += character.length;
  }
  return text.slice(0, units);
}

/**
 * Where a key is in its bucket's folder, and back. A key is stored under its own name wherever a file system can hold it, so that
 * `page=books/event=clicked_review/x.gz` is exactly that path. A name that begins with one of the marks below is an escaped one:
 *
 * - `%~name` a file, `%+name` a folder, whose name could not stand by itself: empty, `.`, `..`, with a NUL, or beginning with a mark.
 *   In `name`, `%` is written `%25` and NUL `%00`.
 * - `%~name` also is the object `name` beside the objects `name/…`: a file and a folder of one name cannot stand in one folder. The
 *   object yields, so that a prefix is a folder whatever was put first.
 * - `%-begin` a folder that continues: a name longer than 255 bytes is the join of such folders and of the `%~` or `%+` in the last one.
 *
 * So different keys have different paths, whichever of its two places an object has, and no path leaves the bucket's folder: no name is
 * empty, `.`, `..` or contains a `/` or a NUL. Not covered are file systems that take two names for one (macOS's and Windows's default:
 * `A` and `a`, composed and decomposed letters): there, the later of two such objects replaces the earlier.
 */
const fileMark = '%~';
const folderMark = '%+';
const continuedMark = '%-';
const marks: readonly string[] = [fileMark, folderMark, continuedMark];
const maxNameBytes = 255;

export interface KeyPath {
  /** Folders from the bucket's folder down; each entry is one name on disk. */
  readonly folders: readonly string[];
  /** The file's name when nothing stands in its way. The same as `beside` if it needs escaping anyhow. */
  readonly file: { readonly folders: readonly string[]; readonly name: string };
  /** Where the object is when there is a folder with its name. */
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

/** What one name on disk says. `text` is the piece of the key; of a `continued` one, only its beginning. */
export interface ReadName {
  readonly kind: 'plain' | 'file' | 'folder' | 'continued';
  readonly text: string;
}

/** Reads one name; nothing for a name that begins with a mark but that no key would have been given. */
export function readName(name: string): ReadName | undefined {
  const mark = name.slice(0, 2);
  if (!marks.includes(mark)) return { kind: 'plain', text: name };
  const payload = name.slice(2);
  const kind = mark === fileMark ? 'file' : mark === folderMark ? 'folder' : 'continued';
  return { kind, text: payload };
}

/** Takes the escapes out of the joined texts of `%` names. */
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

/** As many whole characters from the beginning of `text` as `maxBytes` hold. */
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

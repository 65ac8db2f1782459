import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';

/** What a state file holds: the file says so itself, so that a wrong or damaged one is refused by name. */
export interface StateFormat {
  /** `millrace-firehose-positions` */
  format: string;
  version: number;
  /** What to do about a damaged one, as the end of a sentence. */
  remedy: string;
}

const checksumOf = (data: string) => createHash('sha256').update(data).digest('hex');

/** The text of a state file. */
export function encodeState({ format, version }: Pick<StateFormat, 'format' | 'version'>, data: unknown): string {
  const text = JSON.stringify(data);
  return `{"format":${JSON.stringify(format)},"version":${version},"sha256":"${checksumOf(text)}","data":${text}}\n`;
}

/**
 * The data of a state file's text.
 * @param path names the file in errors
 * @throws MillraceError `STATE_UNREADABLE` naming the file and what to do, when it is damaged, of another kind, or of a
 * version that this one does not read
 */
export function decodeState(path: string, text: string, { format, version, remedy }: StateFormat): unknown {
  const refuse = (why: string, more = '') =>
    new MillraceError('STATE_UNREADABLE', `${path} ${why}. Put back a copy of it, or ${remedy}${more}`);
  let envelope: { format?: unknown; version?: unknown; sha256?: unknown; data?: unknown };
  try {
    envelope = JSON.parse(text) as typeof envelope;
  } catch {
    throw refuse(text === '' ? 'is damaged (it is empty)' : 'is damaged (it is not JSON)');
  }
  if (envelope === null || typeof envelope !== 'object' || envelope.format !== format)
    throw refuse(`is not a ${format} file`);
  if (envelope.version !== version)
    throw refuse(`has version ${envelope.version}, and this program reads version ${version}`);
  const checksum = checksumOf(JSON.stringify(envelope.data) ?? '');
  if (envelope.sha256 !== checksum)
    throw refuse(
      'is damaged (its checksum does not match)',
      ` If you edited it, give it the checksum of what it holds now: "sha256":"${checksum}"`,
    );
  return envelope.data;
}

/**
 * Replaces the file as a whole and durably: after a crash it is the old one or the new one. The caller keeps concurrent
 * writers of one path apart.
 */
export async function writeState(path: string, format: StateFormat, data: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(encodeState(format, data));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/**
 * The data that `writeState` was given last, or nothing when the file does not exist.
 * @throws MillraceError as `decodeState`
 */
export async function readState(path: string, format: StateFormat): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return decodeState(path, text, format);
}

/** Removes the file, if it is there. */
export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** A rename lasts only once the folder that holds it is on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

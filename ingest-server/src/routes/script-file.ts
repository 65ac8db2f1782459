import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** A script as it is sent. */
export interface Script {
  modifiedAt: number;
  bodies: Record<'identity' | 'gzip' | 'br', Buffer>;
  etag: string;
}

/**
 * Reads and compresses a script, unless `known` is of the file as it is.
 * @throws ENOENT when there is no such file
 */
export async function loadScript(file: string, known: Script | undefined): Promise<Script> {
  const { mtimeMs } = await stat(file);
  if (known?.modifiedAt === mtimeMs) return known;
  const plain = await readFile(file);
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(plain, { level: 9 }),
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  ]);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { modifiedAt: mtimeMs, bodies: { identity: plain, gzip: zipped, br: brotli }, etag };
}

/**
 * A script's files by version: the newest, whose version `millrace.json` beside it states, and files such as
 * `millrace-0.1.0.js` beside it, for pages that name an earlier version.
 */
export async function versionsOf(name: string, file: string): Promise<Map<string, string>> {
  const folder = dirname(file);
  const start = `${name}-`;
  const beside = await readdir(folder).catch(() => []);
  const versions = new Map(
    beside
      .filter((each) => each.startsWith(start) && /^\d.*\.js$/.test(each.slice(start.length)))
      .map((each) => [each.slice(start.length, -'.js'.length), join(folder, each)]),
  );
  const manifest = await readFile(join(folder, 'millrace.json'), 'utf8').catch(() => '{}');
  const { version } = JSON.parse(manifest) as { version?: string };
  if (version !== undefined) versions.set(version, file);
  return versions;
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { MillraceError } from '@millrace/kit/millrace-error';
import { version } from '@millrace/kit/version';
import { bundle } from './bundle.js';
import { thirdPartyLicences } from './licences.js';
import { type TarEntry, tar } from './tar.js';

/** One self-contained file: the ingest server, the tracker, the generator, and what they need but Node itself. */
export interface Release {
  /** A gzipped tar; the same build gives the same bytes. */
  bytes: Buffer;
  /** Of the bytes, hexadecimal. */
  sha256: string;
  /** `millrace-0.2.0-3f2a9c81b4de.tgz`: another content has another name. */
  name: string;
  /** Everything in it, below its one folder. */
  paths: string[];
  /** The compiled files that its programs are bundled from, relative to the project's folder, with slashes. */
  sources: string[];
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The compiled programs, by their place in the archive. */
const programs = {
  'lib/ingest-server': 'ingest-server/dist/src/main.js',
  'lib/millrace': 'infra-scripts/dist/src/cli/host.js',
  // Loaded by `redrive --jq`.
  'lib/jq-thread': 'embedded-aws/dist/src/firehose/jq/run/jq-thread.js',
};
/** With `millrace.json`, by which the server knows the tracker's version. */
const tracker = ['millrace.js', 'millrace-full.js', 'millrace-debug.js', 'millrace-vitals.js', 'millrace.json'];

/** What a host starts. The server finds the tracker in this folder, unless its environment names another. */
const launchers = {
  'ingest-server.mjs': `import { fileURLToPath } from 'node:url';

process.env.MILLRACE_CLIENT_SCRIPT ||= fileURLToPath(new URL('./tracker/millrace.js', import.meta.url));
await import('./lib/ingest-server.mjs');
`,
  'millrace.mjs': `import { main } from './lib/millrace.mjs';

await main();
`,
};

/**
 * Makes the release from the build that `npm start` runs.
 * @throws MillraceError `NOT_BUILT` naming what is missing
 */
export async function makeRelease(): Promise<Release> {
  const needed = [...Object.values(programs), ...tracker.map((file) => `sdk/dist/${file}`)];
  const missing = needed.find((file) => !existsSync(join(root, file)));
  if (missing !== undefined) throw new MillraceError('NOT_BUILT', `${missing} is not built: run npm run build first`);

  const { files, sources } = await bundle(root, programs);
  const entries: TarEntry[] = [
    ...files,
    ...tracker.map((file) => ({ path: `tracker/${file}`, data: readFileSync(join(root, 'sdk/dist', file)) })),
    ...Object.entries(launchers).map(([path, text]) => ({ path, data: Buffer.from(text) })),
    ...deployFiles(),
    { path: 'samples/sessions.jsonl', data: readFileSync(join(root, 'infra-scripts/samples/sessions.jsonl')) },
    { path: 'LICENSE', data: readFileSync(join(root, 'LICENSE')) },
    { path: 'THIRD-PARTY-LICENSES.txt', data: Buffer.from(thirdPartyLicences(root, sources)) },
  ].sort((a, b) => (a.path < b.path ? -1 : 1));

  const folder = `millrace-${version}`;
  const bytes = gzipSync(tar(entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` }))), { level: 9 });
  // The byte that names the operating system: the same archive whoever makes it.
  bytes[9] = 255;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    bytes,
    sha256,
    name: `${folder}-${sha256.slice(0, 12)}.tgz`,
    paths: entries.map(({ path }) => path),
    sources,
  };
}

/** The scripts and units of the hosts, with the boot scripts executable. */
function deployFiles(): TarEntry[] {
  const folder = join(root, 'infra-scripts/deploy');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: `deploy/${relative(folder, file).split(sep).join('/')}`,
      data: readFileSync(file),
      executable: file.endsWith('.sh'),
    }));
}

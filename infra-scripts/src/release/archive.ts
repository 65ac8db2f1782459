import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { closure, type LockedPackage } from './closure.js';
import { type TarEntry, tar } from './tar.js';
import { trace } from './trace.js';

/** One self-contained file: the ingest server, the tracker, the generator, and what they need but Node itself. */
export interface Release {
  /** A gzipped tar; the same build gives the same bytes. */
  bytes: Buffer;
  /** Of the bytes, hexadecimal. */
  sha256: string;
  /** `millrace-0.1.0-3f2a9c81b4de.tgz`: another content has another name. */
  name: string;
  /** Everything in it, below its one folder. */
  paths: string[];
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const ours = {
  sdk: '@millrace/sdk',
  'ingest-server': '@millrace/ingest-server',
  'infra-scripts': '@millrace/infra-scripts',
};

/** No run reads these: types, sources, maps, pages for people, and the second copy of the AWS SDK for bundlers. */
const leftOut =
  /(\.d\.[cm]?ts|\.ts|\.map|\.md|\.markdown|\.tsbuildinfo)$|(^|\/)(dist-types|dist-es|test|tests|docs|example|examples|\.github)\//;

/** Reads the build that `npm start` runs. @throws Error naming what is not built. */
export function makeRelease(): Release {
  const { version } = readJson('infra-scripts/package.json') as { version: string };
  const folder = `millrace-${version}`;
  const entries = new Map<string, TarEntry>();
  const add = (path: string, data: Buffer, executable = false) =>
    entries.set(path, { path: `${folder}/${path}`, data, executable });

  const host = join(root, 'infra-scripts/dist/src/cli/host.js');
  const server = join(root, 'ingest-server/dist/src/main.js');
  for (const file of [host, server, join(root, 'sdk/dist/millrace.js')]) {
    if (!existsSync(file)) throw new Error(`${file} is not built: run npm run build first`);
  }
  // The lake's own engine is a native module, and on AWS Athena does its work.
  const commands = trace([host], [join(root, 'lake/dist/src/lake.js')]);
  for (const file of commands.files)
    add(`node_modules/${ours['infra-scripts']}/${inside('infra-scripts', file)}`, readFileSync(file));
  add(`node_modules/${ours['infra-scripts']}/package.json`, readFileSync(join(root, 'infra-scripts/package.json')));

  const { packages } = readJson('package-lock.json') as { packages: Record<string, LockedPackage> };
  const needed = closure(packages, [
    { from: '', name: ours['ingest-server'] },
    ...commands.packages.map((name) => ({ from: 'infra-scripts', name })),
  ]);
  for (const path of needed) addPackage(path, packages[path]!, add);

  const deploy = join(root, 'infra-scripts/deploy');
  for (const file of filesUnder(deploy))
    add(`deploy/${portable(relative(deploy, file))}`, readFileSync(file), file.endsWith('.sh'));
  add('samples/sessions.jsonl', readFileSync(join(root, 'infra-scripts/samples/sessions.jsonl')));
  add('LICENSE', readFileSync(join(root, 'LICENSE')));
  add('ingest-server.mjs', Buffer.from("import './node_modules/@millrace/ingest-server/dist/src/main.js';\n"));
  add(
    'millrace.mjs',
    Buffer.from(
      "import { main } from './node_modules/@millrace/infra-scripts/dist/src/cli/host.js';\n\nawait main();\n",
    ),
  );

  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = gzipSync(tar(sorted), { level: 9 });
  // The byte that names the operating system: the same archive whoever makes it.
  bytes[9] = 255;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    bytes,
    sha256,
    name: `${folder}-${sha256.slice(0, 12)}.tgz`,
    paths: sorted.map(({ path }) => path.slice(folder.length + 1)),
  };
}

/** A package that npm put beside a workspace goes below that workspace's place in the archive. */
function placeOf(path: string): string {
  const [workspace, name] = Object.entries(ours).find(([folder]) => path.startsWith(`${folder}/`)) ?? [];
  return name === undefined ? path : path.replace(workspace!, `node_modules/${name}`);
}

type Add = (path: string, data: Buffer) => void;

function addPackage(path: string, entry: LockedPackage, add: Add): void {
  // A workspace: only what its package.json would publish.
  const source = join(root, entry.link ? entry.resolved! : path);
  if (!existsSync(source)) return;
  const { files } = entry.link
    ? (JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { files: string[] })
    : { files: undefined };
  const parts = files ? ['package.json', ...files] : ['.'];
  for (const part of parts) {
    const start = join(source, part);
    for (const file of statSync(start).isDirectory() ? filesUnder(start) : [start]) {
      const below = portable(relative(source, file));
      // What a package carries inside stands in the list by itself.
      if (below.startsWith('node_modules/') || leftOut.test(below)) continue;
      add(`${placeOf(path)}/${below}`, readFileSync(file));
    }
  }
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const portable = (path: string) => path.split(sep).join('/');
const inside = (workspace: string, file: string) => portable(relative(join(root, workspace), file));

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

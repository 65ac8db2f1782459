import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { version } from '@millrace/kit/version';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readJson = (path: string) => JSON.parse(read(path));

interface Package {
  name: string;
  version: string;
  license: string;
  type: string;
  engines: { node: string };
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Which of our own names each room may import. The order is that of the arrows: a room names rooms above it in this list only. */
const allowed = {
  kit: [],
  sdk: [],
  'ingest-server': ['@millrace/kit', '@millrace/sdk/schema'],
  'embedded-aws': ['@millrace/kit'],
  lake: ['@millrace/kit', '@millrace/sdk/schema', '@millrace/sdk/schema/ledger'],
  'demo-store': ['@millrace/kit', '@millrace/sdk/schema'],
  generator: ['@millrace/demo-store/items', '@millrace/kit', '@millrace/sdk/schema'],
  'infra-scripts': [
    '@millrace/demo-store',
    '@millrace/embedded-aws',
    '@millrace/generator',
    '@millrace/ingest-server',
    '@millrace/kit',
    '@millrace/lake',
    '@millrace/sdk/schema',
    '@millrace/sdk/schema/limits',
  ],
};
type Workspace = keyof typeof allowed;
const workspaces = Object.keys(allowed) as Workspace[];
const packageOf = (folder: string): Package => readJson(join(folder, 'package.json'));

/** The files of a folder with one of the extensions, as paths from the root. */
function filesOf(folder: string, extensions: string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(dist|node_modules)\//.test(path));
}

interface Import {
  file: string;
  /** As written: `./app.js`, `zod`, `@millrace/sdk/schema`. */
  from: string;
  /** Only types: gone in what runs. */
  isType: boolean;
}

/** What a file imports, re-exports or asks for with import(), as its text says. */
function importsOf(file: string): Import[] {
  const statements = [
    ...read(file).matchAll(/^(?:import|export)\s+(type\s)?(?:[\w*${}\s,]+\sfrom\s+)?'([^']+)'/gm),
    ...read(file).matchAll(/\b(?:import|require)\((\s*)['"]([^'"`]+)['"]\)/g),
  ];
  return statements.map(([, type, from]) => ({ file, from: from!, isType: type?.trim() === 'type' }));
}

const sourceOf = (folder: string) => filesOf(`${folder}/src`, ['.ts', '.js']);
const importsIn = (files: string[]) => files.flatMap(importsOf);
const packageName = (from: string) => from.split('/', from.startsWith('@') ? 2 : 1).join('/');
const isPackage = (from: string) => !from.startsWith('.') && !isBuiltin(from);
const distinct = (values: string[]) => [...new Set(values)].sort();

/** Every circle that a walk from each file meets, as `a → b → a`. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles = new Set<string>();
  const walk = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    if (at >= 0) circles.add([...path.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return [...circles];
}

test('the search for circles finds one of two files, one of three, and none in a diamond', () => {
  const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
  expect(circlesOf(graph({ a: ['b'], b: ['a'] }))).toEqual(['a → b → a']);
  expect(circlesOf(graph({ x: ['a'], a: ['b'], b: ['c'], c: ['a'] }))).toEqual(['a → b → c → a']);
  expect(circlesOf(graph({ a: ['b', 'c'], b: ['d'], c: ['d'] }))).toEqual([]);
});

test('the reader of imports sees every way in which the code imports', () => {
  const found = importsOf('infra-scripts/test/repository.test.ts').map(({ from }) => from);
  expect(found).toContain('@jest/globals');
  expect(found).toContain('node:fs');
  expect(importsOf('sdk/src/schema/index.ts').map(({ from }) => from)).toContain('./properties.js');
  expect(importsOf('sdk/src/tracker/plugin.ts')).toContainEqual({
    file: 'sdk/src/tracker/plugin.ts',
    from: '../schema/json-value.js',
    isType: true,
  });
});

describe('dependencies point one way', () => {
  test('the rooms are the workspaces, and the kit of the tests', () => {
    expect((readJson('package.json') as { workspaces: string[] }).workspaces.toSorted()).toEqual(
      [...workspaces, 'testing'].toSorted(),
    );
  });

  test.each(workspaces)('of %s', (workspace) => {
    const ours = importsIn(sourceOf(workspace)).filter(({ from }) => from.startsWith('@millrace/'));
    // Where the list names one of a room's `exports`, it means that one alone; else whichever they are.
    const named: readonly string[] = allowed[workspace];
    const names = distinct(ours.map(({ from }) => (named.includes(from) ? from : packageName(from))));
    expect(names).toEqual(named);
    const outside = importsIn(sourceOf(workspace)).filter(
      ({ file, from }) => from.startsWith('.') && !resolve('/', dirname(file), from).startsWith(`/${workspace}/src/`),
    );
    expect(outside).toEqual([]);
  });

  test('no room has a circle of imports, also of types', () => {
    const circles: string[] = [];
    for (const workspace of workspaces) {
      const graph = new Map(
        sourceOf(workspace).map((file) => [
          file,
          importsOf(file)
            .filter(({ from }) => from.startsWith('.'))
            .map(({ from }) => join(dirname(file), from).replace(/\.js$/, '.ts')),
        ]),
      );
      circles.push(...circlesOf(graph));
    }
    expect(circles).toEqual([]);
  });

  test('no module that the tracker loads loads Zod, or any package: of the schema it has the types and the limits', () => {
    const seen = new Set<string>();
    const packages: Import[] = [];
    const follow = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const each of importsOf(file).filter(({ isType }) => !isType)) {
        if (isPackage(each.from)) packages.push(each);
        else follow(join(dirname(file), each.from).replace(/\.js$/, '.ts'));
      }
    };
    follow('sdk/src/tracker/index.ts');
    follow('sdk/src/tracker/script.ts');
    expect(packages).toEqual([]);
    expect([...seen].filter((file) => file.startsWith('sdk/src/schema/'))).toEqual(['sdk/src/schema/limits.ts']);
  });

  test('the pages of the store load no package: the tracker comes by its script tag', () => {
    expect(importsIn(filesOf('demo-store/public', ['.js'])).filter(({ from }) => isPackage(from))).toEqual([]);
  });
});

describe('a fresh clone', () => {
  test('the lock file names no address, and has the parts for macOS on Apple silicon', () => {
    const { packages } = readJson('package-lock.json') as {
      packages: Record<string, { version: string; resolved?: string; link?: boolean; os?: string[]; cpu?: string[] }>;
    };
    const addresses = Object.values(packages).filter(({ resolved, link }) => resolved !== undefined && !link);
    expect(addresses).toEqual([]);
    expect(read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
    for (const name of [
      '@biomejs/cli-darwin-arm64',
      '@duckdb/node-bindings-darwin-arm64',
      '@rollup/rollup-darwin-arm64',
      '@typescript/typescript-darwin-arm64',
    ]) {
      expect(packages[`node_modules/${name}`]).toMatchObject({ os: ['darwin'], cpu: ['arm64'] });
    }
    // Nothing else needs a compiler, or binaries of its own.
    expect(Object.keys(packages).filter((path) => /\/(node-gyp[^/]*|prebuild[^/]*|bindings|nan)$/.test(path))).toEqual(
      [],
    );
  });

  test('each package that is installed has its exact version and a hash in the lock file', () => {
    const { packages } = readJson('package-lock.json') as {
      packages: Record<string, { version?: string; integrity?: string; link?: boolean; inBundle?: boolean }>;
    };
    const installed = Object.entries(packages).filter(
      ([path, { link, inBundle }]) => path.includes('node_modules/') && !link && !inBundle,
    );
    expect(installed.length).toBeGreaterThan(500);
    const loose = installed.filter(
      ([, { version, integrity }]) => !/^\d+\.\d+\.\d+/.test(version ?? '') || !/^sha512-/.test(integrity ?? ''),
    );
    expect(loose.map(([path]) => path)).toEqual([]);
  });

  test('the scripts that run before npm ci use nothing but Node', () => {
    for (const { from } of importsIn([
      'scripts/prepare.mjs',
      'scripts/start.mjs',
      'scripts/test.mjs',
      'scripts/build.mjs',
      'scripts/jest.mjs',
    ])) {
      expect(from).toMatch(/^(node:\w|\.\/(prepare|jest)\.mjs$)/);
    }
  });

  test('every package says the licence, the modules and the Node that it needs', () => {
    expect(read('LICENSE')).toMatch(/^MIT License/);
    for (const folder of ['.', ...workspaces]) {
      expect(packageOf(folder)).toMatchObject({ license: 'MIT', type: 'module', engines: { node: '>=20' } });
    }
    expect(readJson('tsconfig.base.json').compilerOptions.strict).toBe(true);
  });

  test('every package has the version that the code states', () => {
    for (const folder of ['.', ...workspaces, 'testing']) expect(packageOf(folder).version).toBe(version);
  });

  test('.ci/run is npm test, in which nothing skips whose tool is there', () => {
    const lines = read('.ci/run')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.slice(-2)).toEqual(['export MILLRACE_TEST_REQUIRE=all', 'exec npm test']);
  });
});

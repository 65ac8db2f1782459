import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };

/** The TypeScript files of a folder, as paths from the root with slashes. */
function typescriptIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

const sources = workspaces.flatMap((name) => typescriptIn(`${name}/src`)).map((path) => ({ path, text: read(path) }));
/** `export function createTracker`: where a function, or the first of its overloads, begins. */
const nameOf = (line: string) => /^export (async )?function\*? \w+/.exec(line)?.[0] ?? line;
const linesOf = (text: string) => text.trimEnd().split('\n');

describe('source files are rooms', () => {
  test('none is longer than 300 lines, and half of them are shorter than 70', () => {
    const lengths = sources.map(({ path, text }) => ({ path, lines: linesOf(text).length }));
    expect(lengths.filter(({ lines }) => lines > 300)).toEqual([]);
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(70);
  });

  test('every exported function has a doc comment', () => {
    const without = sources.flatMap(({ path, text }) => {
      const lines = linesOf(text);
      const isFunction = (line: string) =>
        /^export (async )?function|^export const \w+ = (async )?(<[^>]+>)?\([^)]*\)[^=]*=>/.test(line);
      return lines.flatMap((line, at) => {
        // Of a function's overloads the first has it.
        const isFirst = lines.findIndex((each) => nameOf(each) === nameOf(line)) === at;
        return isFunction(line) && isFirst && !lines[at - 1]?.trimEnd().endsWith('*/') ? [`${path}: ${line}`] : [];
      });
    });
    expect(without).toEqual([]);
  });

  test('no line of a comment is longer than the code’s own limit of 120 columns', () => {
    const long = sources.flatMap(({ path, text }) =>
      linesOf(text)
        .map((line, at) => ({ line, where: `${path}:${at + 1}` }))
        .filter(({ line }) => line.length > 120 && /^\s*(\/\/|\/?\*)/.test(line) && !line.includes('https://'))
        .map(({ where }) => where),
    );
    expect(long).toEqual([]);
  });
});

describe('a package', () => {
  const packages = workspaces.map((folder) => ({ folder, ...JSON.parse(read(`${folder}/package.json`)) }));

  test.each(packages.filter((one) => !one.private))('$name says what it is, and can be used alone', (one) => {
    expect(one).toMatchObject({
      description: expect.stringMatching(/^.{20,}\.$/),
      license: 'MIT',
      type: 'module',
      engines: { node: '>=20' },
      repository: { type: 'git', directory: one.folder },
      keywords: expect.arrayContaining([expect.any(String)]),
      exports: expect.any(Object),
      files: expect.any(Array),
    });
    expect(read(`${one.folder}/LICENSE`)).toBe(read('LICENSE'));
    // A screen, or a manual: either way a first heading with the package's name.
    expect(linesOf(read(`${one.folder}/README.md`))[0]).toBe(`# ${one.name}`);
  });

  test('all packages have one version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(packages.map((one) => one.version)).toEqual(packages.map(() => version));
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };

/** Every page that a reader may open: the root's, docs/, and each package's README. */
const pages = [
  ...['.', 'docs', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => (folder === '.' ? name : `${folder}/${name}`)),
  ),
  ...workspaces.map((name) => `${name}/README.md`).filter((file) => existsSync(join(root, file))),
];

/** Code blocks removed, so that what looks like a link or a path in them counts for nothing. */
const prose = (file: string) => read(file).replace(/^```[\s\S]*?^```/gm, '');

describe('the pages', () => {
  test.each(pages)('%s links only to what is there', (file) => {
    const links = [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const relative = links.filter((target) => !/^[a-z]+:/.test(target) && !target.startsWith('#'));
    const missing = relative.filter((target) => !existsSync(join(root, dirname(file), target.split('#')[0]!)));
    expect(missing).toEqual([]);
  });

  test.each(pages)('%s links only to headings that are there', (file) => {
    const anchorsOf = (page: string) =>
      [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .trim()
          .replaceAll(' ', '-'),
      );
    const links = [...prose(file).matchAll(/\]\(([^)\s:]*)#([^)\s]+)\)/g)];
    const missing = links.filter(([, page, anchor]) => {
      const target = page === '' ? file : join(dirname(file), page!);
      return target.endsWith('.md') && !anchorsOf(target).includes(anchor!);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  test('the README has at most 120 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(121);
  });

  test('no page tells a reader to ask a registry for our names', () => {
    expect(
      pages.filter((file) => /npx (-\S+ )*(@millrace\/|millrace)/.test(read(file)) && file !== 'CHANGELOG.md'),
    ).toEqual([]);
  });

  test('docs/benchmarks.md is what the outputs in bench/results say', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'bench/write-benchmarks.mjs'), '--check']);
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });
});

test('docs/guarantees.md names tests that are there', () => {
  const rows = read('docs/guarantees.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (promise|---)/.test(line));
  const named = rows.map((row) => /\| `([^`]+)`: "(.+)" \|$/.exec(row));
  expect(rows.filter((_, n) => named[n] === null)).toEqual([]);
  const missing = named.filter((match) => {
    const [, file, name] = match!;
    // In the source a name may stand in any quotes.
    return !existsSync(join(root, file!)) || !read(file!).replaceAll("\\'", "'").includes(name!);
  });
  expect(missing.map((match) => match![0])).toEqual([]);
  expect(rows.length).toBeGreaterThan(30);
});

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

test('docs/scale.md has the figures of the benchmarks, rate by rate', () => {
  const benchmarks = read('docs/benchmarks.md');
  const figure = (name: string) => Number.parseFloat(benchmarks.split(`| ${name} | `)[1]!.split(' |')[0]!);
  const rows = read('docs/scale.md')
    .split('\n')
    .filter((line) => /^\| [\d,]+ \| \d+ ×/.test(line))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  expect(rows).toHaveLength(6);
  for (const [rate, , ...said] of rows) {
    const measured = ['visitor', 'even'].flatMap((way) =>
      ['events in a record', 'total over that of full records'].map((name) => figure(`${way}, ${rate}/s: ${name}`)),
    );
    const waits = ['p50', 'p99'].map((name) => figure(`even, ${rate}/s: acknowledgement ${name}`));
    expect([rate, ...said.flatMap((cell) => cell.split(' / ').map(Number))]).toEqual([rate, ...measured, ...waits]);
  }
});

/** A test as a page names it: its file in backticks, a colon, its name in quotes. */
const namedTest = /`([^`\s]+\.test\.ts)`: "(.+?)"(?=[;,.)]|\s*\||\s*$)/gm;

/** Whether the source has a test of that name: a text of exactly that, but for what a shorter form leaves out. */
function hasTest(file: string, name: string): boolean {
  if (!existsSync(join(root, file))) return false;
  const source = read(file).replaceAll("\\'", "'");
  return (
    ["'", '"', '`'].some((quote) => source.includes(quote + name + quote)) || source.includes(`\`${name}\${leavesOut(`)
  );
}

/** The pages that name tests, and at least how many: a page that loses them no longer says what holds it. */
const proven = {
  'docs/guarantees.md': 80,
  'docs/threat-model.md': 45,
  'docs/on-aws.md': 9,
  'docs/embedded-aws.md': 40,
  'docs/ingest-server.md': 40,
  'sdk/README.md': 60,
  'lake/README.md': 15,
  'generator/README.md': 11,
  'demo-store/README.md': 6,
};

describe('the tests that pages name', () => {
  test.each(pages)('%s: each is there', (file) => {
    const missing = [...prose(file).matchAll(namedTest)].filter(([, path, name]) => !hasTest(path!, name!));
    expect(missing.map(([text]) => text)).toEqual([]);
    const files = [...prose(file).matchAll(/`([^`\s]+\/[^`\s]+\.test\.ts)`/g)].map(([, path]) => path!);
    expect(files.filter((path) => !path.includes('*') && !existsSync(join(root, path)))).toEqual([]);
  });

  test.each(Object.entries(proven))('%s names at least %i', (file, least) => {
    expect([...prose(file).matchAll(namedTest)].length).toBeGreaterThanOrEqual(least);
  });

  test.each(Object.keys(proven))('%s: each row of a table of tests names one, or says that it has none', (file) => {
    const tables = prose(file).matchAll(/^\|.*\| tests? \|\n\|[ |:-]+\|\n((?:\|.*\n)+)/gim);
    const rows = [...tables].flatMap(([, table]) => table!.trim().split('\n'));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter((row) => !/`[^`]+\.test\.ts`: ".+" \|$|\| no test: .+ \|$/.test(row))).toEqual([]);
  });
});

test('docs/ingest-server.md names tests for each of its sections', () => {
  const page = read('docs/ingest-server.md');
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, name]) => name!);
  const last = sections.pop()!;
  const named = [...page.split(`## ${last}\n`)[1]!.matchAll(/^\| ([^|]+) \| `/gm)].map(([, name]) => name!);
  expect([last, ...named]).toEqual(['Which test holds what', ...sections]);
});

/** What a package exports beside types. */
const valuesOf = (name: string) =>
  [...read(`${name}/src/index.ts`).matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap(([, names]) => names!.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.startsWith('type '));

test.each(['lake', 'generator', 'demo-store', 'embedded-aws', 'ingest-server'])(
  '%s/README.md names what the package exports',
  (name) => {
    const page = read(`${name}/README.md`);
    expect(valuesOf(name).filter((each) => !new RegExp(`\\b${each}\\b`).test(page))).toEqual([]);
  },
);

test('kit/README.md names each of its modules', () => {
  const modules = readdirSync(join(root, 'kit/src')).map((file) => `\`${file.replace(/\.ts$/, '')}\``);
  expect(modules.filter((name) => !read('kit/README.md').includes(name))).toEqual([]);
});

test('docs/embedded-aws.md names a test for each feature of its table', () => {
  const namesBelow = (heading: string) =>
    [
      ...read('docs/embedded-aws.md')
        .split(`## ${heading}\n`)[1]!
        .split('\n## ')[0]!
        .matchAll(/^\| ([^|]+) \|/gm),
    ]
      .map(([, name]) => name!)
      .filter((name) => !/^(---|Feature$|\*\*)/.test(name));
  expect(namesBelow('Features').length).toBeGreaterThan(30);
  expect(namesBelow('Tests of the features')).toEqual(namesBelow('Features'));
});

describe('ARCHITECTURE.md and CONTRIBUTING.md', () => {
  const sourcePath = /`((?:[a-z0-9-]+\/)+[a-z0-9.-]+\.(?:ts|mjs|js|md|yaml))`/g;

  test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names files and folders that are there', (file) => {
    const packages = workspaces.map((name) => `${name}/`);
    const named = [...prose(file).matchAll(/`([^`\s]+\/[^`\s]*)`/g)].map(([, path]) => path!);
    const ours = named.filter(
      (path) => packages.some((folder) => path.startsWith(folder)) && !/\/dist\/|NAME/.test(path),
    );
    expect(ours.length).toBeGreaterThan(15);
    expect(ours.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  /** The files that one imports and runs, of its own package and of others by their `exports`. */
  function importsOf(file: string): string[] {
    const code = read(file).replace(/^import type [^;]*;/gm, '');
    const targets = [...code.matchAll(/(?:from |import\()'([^']+)'/g)].map(([, target]) => target!);
    return targets.flatMap((target) => {
      if (target.startsWith('.')) return [join(dirname(file), target).replaceAll('\\', '/').replace(/\.js$/, '.ts')];
      const [, room, part = '.'] = /^@millrace\/([a-z-]+)(\/.+)?$/.exec(target) ?? [];
      if (room === undefined) return [];
      const { exports } = JSON.parse(read(`${room}/package.json`)) as { exports: Record<string, { types: string }> };
      const types = exports[part === '.' ? '.' : `.${part}`]?.types;
      const entry =
        types &&
        join(room, types)
          .replace('/dist/', '/')
          .replace(/\.d\.ts$/, '.ts');
      // An index hands on what it imports.
      return entry && existsSync(join(root, entry)) ? [entry, ...importsOf(entry)] : [];
    });
  }

  const walks = read('ARCHITECTURE.md')
    .split(/^## /m)
    .filter((part) => part.startsWith('Walk '))
    .map((part) => [part.split('\n')[0]!, part.split('\n').filter((line) => /^\d+\. /.test(line))] as const);

  test('there are three walks', () => expect(walks).toHaveLength(3));

  test.each(walks)('%s: each file is imported by one before it, or the line says how it is reached', (_, steps) => {
    const before: string[] = [];
    const lost = steps.filter((step) => {
      const [, file] = [...step.matchAll(sourcePath)][0]!;
      const isReached = before.length === 0 || before.some((earlier) => importsOf(earlier).includes(file!));
      before.push(file!);
      return !isReached && !/\*[a-zA-Z]/.test(step);
    });
    expect(lost).toEqual([]);
  });
});

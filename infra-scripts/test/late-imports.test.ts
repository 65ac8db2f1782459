import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { event, temporaryLake } from '@millrace/testing/lake-fixture';
import { type Sandbox, sandbox } from './support/millrace.js';

const root = fileURLToPath(new URL('../../../', import.meta.url)).replaceAll('\\', '/');

/** The package of a file: `fastify`, `@aws-sdk/client-s3`; for one of ours its room: `infra-scripts`. */
function packageOf(file: string): string {
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  return name ?? file.slice(root.length).split('/')[0]!;
}

describe('a command loads what it runs', () => {
  let box: Sandbox;
  let at: ReturnType<typeof temporaryLake>;
  beforeAll(() => {
    box = sandbox(undefined, 'installed');
    at = temporaryLake();
    at.put('books', 'page_view', event());
  });
  afterAll(async () => {
    await box.remove();
    at.remove();
  });

  /** The files that Node loads for a command, as V8's own account of what it ran names them. */
  async function loaded(...args: string[]): Promise<{ code: number | string; files: string[]; packages: string[] }> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-loaded-'));
    try {
      const { code } = await box.run(args, { env: { NODE_V8_COVERAGE: folder } });
      const urls = readdirSync(folder).flatMap((file) =>
        (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: { url: string }[] }).result.map(
          ({ url }) => url,
        ),
      );
      const files = urls
        .filter((url) => url.startsWith('file:'))
        .map((url) => fileURLToPath(url).replaceAll('\\', '/'));
      return { code, files, packages: [...new Set(files.map(packageOf))].sort() };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test.each([[['--version']], [['--help']], [['dev', '--help']], [['plan', '--help']], [['help', 'up']]])(
    '%j: nothing but the definitions of the commands, without Fastify, AWS SDK, Zod, DuckDB and the embedded AWS',
    async (args) => {
      const { code, files, packages } = await loaded(...args);
      expect(code).toBe(0);
      expect(packages).toEqual(['commander', 'infra-scripts', 'kit', 'sdk']);
      expect(files.filter((file) => packageOf(file) === 'sdk').map((file) => file.slice(root.length))).toEqual([
        'sdk/dist/src/schema/limits.js',
      ]);
      expect(files.filter((file) => file.includes('/cli/actions/'))).toEqual([]);
      expect(files.length).toBeLessThan(60);
    },
  );

  test('ls loads DuckDB and the schema, without Fastify, AWS SDK and the embedded AWS', async () => {
    const { code, packages } = await loaded('ls', '--lake', at.folder);
    expect(code).toBe(0);
    expect(packages.filter((name) => !/^(@duckdb\/|detect-libc$)/.test(name))).toEqual([
      'commander',
      'infra-scripts',
      'kit',
      'lake',
      'sdk',
      'zod',
    ]);
    expect(packages).toContain('@duckdb/node-api');
  });

  test('audit loads the schema, without DuckDB, Fastify, AWS SDK and the embedded AWS', async () => {
    const { code, packages } = await loaded('audit', '--lake', at.folder);
    expect({ code, packages }).toEqual({
      code: 1,
      packages: ['commander', 'infra-scripts', 'kit', 'lake', 'sdk', 'zod'],
    });
  });

  test('status loads the AWS clients that it asks, without Fastify, Zod, DuckDB and the embedded AWS', async () => {
    // Nothing answers there: the command fails, and has loaded what it needs to ask.
    const { code, packages } = await loaded(
      'status',
      '--region',
      'eu-central-1',
      '--endpoint-url',
      'http://127.0.0.1:1',
    );
    expect(code).toBe(1);
    const ours = ['commander', 'infra-scripts', 'kit', 'sdk'];
    expect(packages.filter((name) => !/^@(aws-sdk|smithy|aws)\//.test(name))).toEqual(ours);
    expect(packages.filter((name) => name.startsWith('@aws-sdk/client-'))).toEqual([
      '@aws-sdk/client-cloudformation',
      '@aws-sdk/client-firehose',
      '@aws-sdk/client-ssm',
    ]);
  });
});

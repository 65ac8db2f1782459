// The programs that tests start, each as one file: most of a start is looking for hundreds of modules, and a bundle halves its CPU time.
import { readFileSync, symlinkSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What tests start in processes of their own, and what these start on a thread, relative to the root. */
export const programs = [
  'infra-scripts/bin/millrace.js',
  'infra-scripts/dist/src/runtime/aws-thread.js',
  'ingest-server/dist/src/main.js',
  'infra-scripts/dist/test/generator-process.js',
  'embedded-aws/dist/test/firehose-aws-process.js',
  'embedded-aws/dist/test/kinesis-process.js',
  'embedded-aws/dist/test/kinesis-store-process.js',
  'embedded-aws/dist/test/s3-writer-process.js',
];

/** Native code, and what loads a file that lies beside it. */
const external = ['@duckdb/node-bindings', 'jq-wasm', 'esbuild', '@jest/globals'];

/** Files of ours find what lies beside them where they were compiled, not where the bundle is; a program, as its bundle. */
const ownPlaces = (folder) => ({
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (path.includes(`${sep}node_modules${sep}`)) return undefined;
      const url = JSON.stringify(pathToFileURL(path).href);
      const contents = readFileSync(path, 'utf8')
        .replaceAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g, (found, beside) => {
          const program = relative(root, join(dirname(path), beside)).replaceAll(sep, '/');
          return programs.includes(program)
            ? `new URL(${JSON.stringify(pathToFileURL(bundled(folder, program)))})`
            : found;
        })
        .replaceAll('import.meta.url', url);
      return { contents };
    });
  },
});

/** Bundled CommonJS packages ask for Node's own modules with `require`, which an ES module lacks. */
const requireForCommonJs = `import { createRequire as createRequireForBundle } from 'node:module';
const require = createRequireForBundle(import.meta.url);`;

/** Where the bundle of a program is. */
export const bundled = (folder, program) => join(folder, `${program.slice(0, -extname(program).length)}.mjs`);

/** Bundles all programs into a folder. What they import late stays in files of its own, and loads late. */
export async function bundlePrograms(folder) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(programs.map((program) => [program.slice(0, -extname(program).length), program])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'none',
    // As ES modules, because of a CommonJS package that is imported late esbuild hands over no names.
    mainFields: ['module', 'main'],
    banner: { js: requireForCommonJs },
    external,
    plugins: [ownPlaces(folder)],
    logLevel: 'error',
  });
  // What is external is looked for from where the bundle is.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
}

import { relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** A file of the bundle, by its path in the archive. */
interface BundledFile {
  path: string;
  data: Buffer;
}

/** Bundled programs. */
export interface Bundle {
  files: BundledFile[];
  /** Every file that went into it, relative to the root, with slashes. */
  sources: string[];
}

/**
 * The lake's own engine is native code. On AWS Athena does its work, so a host says that it reads no lake on disk, and
 * needs nothing to check its objects with.
 */
const withoutLocalLake: Plugin = {
  name: 'without-local-lake',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@millrace\/(lake|embedded-aws\/object-check)$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Bundled CommonJS packages ask for Node's own modules with `require`, which an ES module lacks. */
const requireForCommonJs = `import { createRequire as createRequireForBundle } from 'node:module';
const require = createRequireForBundle(import.meta.url);`;

/**
 * Bundles compiled programs for a bare Node. What a program imports late stays in files of its own, and loads late.
 * @param root the folder of the project, absolute
 * @param entries compiled files relative to `root`, by the path that each has in the bundle, without its ending
 * @throws Error naming an import that cannot be resolved
 */
export async function bundle(root: string, entries: Record<string, string>): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: root,
    chunkNames: 'lib/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    // Names and lines stay readable: a stack trace from a host says where it was. Licences are collected in one file.
    minify: false,
    legalComments: 'none',
    banner: { js: requireForCommonJs },
    // jq with its WebAssembly inside the script, not in a file beside it.
    alias: { 'jq-wasm': 'jq-wasm/inline' },
    external: ['@duckdb/node-api'],
    plugins: [withoutLocalLake],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return {
    files: outputFiles.map(({ path, contents }) => ({
      path: relative(root, path).split(sep).join('/'),
      data: Buffer.from(contents),
    })),
    sources: Object.keys(metafile.inputs).sort(),
  };
}

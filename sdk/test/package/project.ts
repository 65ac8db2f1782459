import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
/** The package's folder, seen from the compiled tests in dist/test/package. */
export const packageFolder = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of a package that this repository has installed. */
export const installed = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** The environment of a shell: without what Jest and npm have put into this process's. */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE_|JEST_|npm_|MILLRACE_)/.test(name)),
);

/** The package as npm publishes it, and projects that use it. All of it is gone after `remove`. */
export interface Packed {
  tarball: string;
  /** What is in the tarball, unpacked. */
  contents: string;
  /** A new project with the package, these files (path to text) and links to packages of this repository. */
  project(files: Record<string, string>, packages?: string[]): Project;
  /** A new project into which npm has installed the tarball, and these packages from the registry. */
  installed(files: Record<string, string>, packages: string[]): Project;
  remove(): void;
}

/** A project in a folder of its own. */
export interface Project {
  folder: string;
  /** Runs Node in it. @returns what it prints @throws with all that it printed when it fails */
  node(...args: string[]): string;
}

/** Runs a command to its end, and shows what it printed if it fails. */
export function run(command: string, args: string[], cwd: string, more: Record<string, string> = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...environment, ...more },
    // On Windows npm is a script, which only a shell starts.
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** Writes files into a folder that may not be there yet. */
function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Packs the package with npm, as it is built: `prepack` would build it anew below the feet of other tests. */
export function pack(): Packed {
  const home = mkdtempSync(join(tmpdir(), 'millrace-packed-'));
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', home], packageFolder);
  const tarball = join(home, readdirSync(home)[0]!);
  const unpackInto = (folder: string) => {
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    return folder;
  };
  let projects = 0;
  return {
    tarball,
    contents: unpackInto(join(home, 'contents')),
    project(files, packages = []) {
      const folder = join(home, `project-${projects++}`);
      unpackInto(join(folder, 'node_modules/@millrace/sdk'));
      for (const name of packages) {
        mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
        symlinkSync(installed(name), join(folder, 'node_modules', name), 'junction');
      }
      writeFiles(folder, files);
      return { folder, node: (...args) => run(process.execPath, args, folder) };
    },
    installed(files, packages) {
      const folder = join(home, `project-${projects++}`);
      writeFiles(folder, files);
      run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball, ...packages], folder);
      return { folder, node: (...args) => run(process.execPath, args, folder) };
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

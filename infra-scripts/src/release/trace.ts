import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';

export interface Traced {
  /** Compiled files, absolute. */
  files: string[];
  /** Packages that they import: `fastify`, `@aws-sdk/client-kinesis`. */
  packages: string[];
}

const packageName = (from: string) => from.split('/', from.startsWith('@') ? 2 : 1).join('/');

/** What a compiled file imports, at once or later; a text with parts filled in cannot be followed, and there is none. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [
    ...text.matchAll(/^(?:import|export)\s+(?:[\w*${}\s,]+\sfrom\s+)?'([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
  ].map(([, from]) => from!);
}

/** Follows the imports from the entries. `without` are files that stay out, with all that only they import. */
export function trace(entries: readonly string[], without: readonly string[] = []): Traced {
  const files = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string) => {
    if (files.has(file) || without.includes(file)) return;
    files.add(file);
    for (const from of importsOf(file)) {
      if (from.startsWith('.')) follow(join(dirname(file), from));
      else if (!isBuiltin(from)) packages.add(packageName(from));
    }
  };
  for (const entry of entries) follow(entry);
  return { files: [...files].sort(), packages: [...packages].sort() };
}

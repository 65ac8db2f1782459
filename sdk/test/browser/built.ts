import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The text of a file that Rollup made: the tests run what ships. Seen from the compiled tests in dist/test/browser. */
export function built(
  name:
    | 'millrace.js'
    | 'millrace-full.js'
    | 'millrace.esm.js'
    | 'millrace.stub.js'
    | 'millrace-debug.js'
    | 'millrace-vitals.js'
    | 'millrace.json',
): string {
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`sdk/dist/${name} is not built: npm run build`);
  return readFileSync(path, 'utf8');
}

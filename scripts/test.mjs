// `npm test`: installs and builds what is missing, then types (the build itself), lint, and every test. Arguments go to Jest.
// `--long` runs the long tests instead, `--browsers` those of the tracker in each browser engine that is there.
import { join } from 'node:path';
import { jest } from './jest.mjs';
import { prepare, root, run } from './prepare.mjs';

const args = process.argv.slice(2);
const forms = { '--long': 'MILLRACE_TEST_LONG', '--browsers': 'MILLRACE_TEST_BROWSERS' };
const form = Object.keys(forms).find((name) => args.includes(name));
const forJest = args.filter((arg) => arg !== form);

prepare({ all: true });
if (!form && forJest.length === 0) {
  run(process.execPath, [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'ci', '.']);
  // Unused files, exports and dependencies.
  run(process.execPath, [join(root, 'node_modules/knip/bin/knip.js'), '--no-progress']);
}
run(process.execPath, [...jest, ...forJest], { env: { ...process.env, ...(form ? { [forms[form]]: '1' } : {}) } });

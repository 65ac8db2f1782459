#!/usr/bin/env node
// The millrace command. The code is compiled from ../src; `npm start` and `npm run build` compile it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('millrace: not built yet. Run `npm run build` (or `npm start`) in the project folder once.');
  process.exit(1);
}
const { run } = await import(main.href);
process.exitCode = await run(process.argv.slice(2));

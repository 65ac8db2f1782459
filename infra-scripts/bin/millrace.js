#!/usr/bin/env node
// The millrace command. The code is compiled from ../src; `npm start` and `npm run build` compile it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('millrace: not built yet. Run `npm run build` (or `npm start`) in the project folder once.');
  process.exit(1);
}
// The AWS SDK warns on Node 20 that its releases of 2027 need Node 22; the lock file keeps one that does not.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { run } = await import('../dist/src/cli/main.js');
process.exitCode = await run(process.argv.slice(2));

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../runtime/context.js';
import { showBytes } from './table.js';

const help = `
One file for Linux on x64 and arm64: the ingest server, the tracker, the generator and what they need but Node (20 or newer).
It is what npm start runs. The same build gives the same bytes. \`millrace up\` makes and uploads it by itself.

  tar -xzf millrace-0.2.0-….tgz && cd millrace-0.2.0
  MILLRACE_STREAM=clickstream MILLRACE_WRITE_KEYS=… AWS_REGION=… node ingest-server.mjs
  AWS_REGION=… node millrace.mjs generate clickstream 1 1`;

export function addRelease(program: Command): void {
  program
    .command('release')
    .description('Make the archive that runs on a host: server, tracker and generator in one file')
    .option('--out <folder>', 'where to write it', '.')
    .option('--json', 'file, sha256 and bytes as JSON')
    .addHelpText('after', help)
    .action(async ({ out, json }: { out: string; json?: true }) => {
      const { makeRelease } = await import('../release/archive.js');
      const { name, bytes, sha256 } = await makeRelease();
      const file = join(out, name);
      try {
        writeFileSync(file, bytes);
      } catch (error) {
        throw new CommandError(`cannot write the release: ${(error as Error).message}`);
      }
      console.log(json ? JSON.stringify({ file, sha256, bytes: bytes.length }) : `${file}: ${showBytes(bytes.length)}`);
    });
}

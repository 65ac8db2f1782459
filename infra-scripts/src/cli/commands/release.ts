import { version } from '@millrace/kit/version';
import type { Command } from 'commander';
import type { ReleaseOptions } from '../actions/release.js';

const help = `
One file for Linux on x64 and arm64: the ingest server, the tracker, the generator and what they need but Node (20 or newer).
It is bundled from the build that npm start runs. The same build gives the same bytes. \`millrace up\` makes and uploads it by itself.

  tar -xzf millrace-${version}-….tgz && cd millrace-${version}
  MILLRACE_STREAM=clickstream MILLRACE_WRITE_KEYS=… AWS_REGION=… node ingest-server.mjs
  AWS_REGION=… node millrace.mjs generate clickstream 1 1`;

/** Defines `millrace release`. */
export function addRelease(program: Command): void {
  program
    .command('release')
    .description('Make the archive that runs on a host: server, tracker and generator in one file')
    .option('--out <folder>', 'where to write it', '.')
    .option('--json', 'file, sha256 and bytes as JSON')
    .addHelpText('after', help)
    .action(async (options: ReleaseOptions) => (await import('../actions/release.js')).release(options));
}

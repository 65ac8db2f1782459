import type { Command } from 'commander';
import type { IngestOptions } from '../actions/ingest.js';
import { ingestPortOption, stateOption } from '../options/serve.js';
import { regionOption } from '../options/target.js';

/**
 * The server's own settings, which are loaded only when the call is one of `ingest`. MILLRACE_PORT is left out: here
 * the option sets it.
 */
async function environment(): Promise<string> {
  const { settingsManual } = await import('@millrace/ingest-server');
  const settings = settingsManual()
    .filter(({ name }) => name !== 'MILLRACE_PORT')
    .map(({ name, expected }) => `  ${name.padEnd(24)}  ${expected}`);
  return `
The environment:
${settings.join('\n')}
  AWS_*                     endpoint and credentials, as every AWS SDK reads them; AWS itself only with --region

Defaults on this machine: the embedded AWS that runs on the state folder, as soon as it does, a spool beside it, the write key demo, every origin.`;
}

/** Defines `millrace ingest`. */
export async function addIngest(program: Command, args: readonly string[]): Promise<void> {
  const help = args.includes('ingest') ? await environment() : '';
  program
    .command('ingest')
    .description('Run the ingest server alone; the environment configures it (MILLRACE_*, AWS_*)')
    .addOption(ingestPortOption('--port'))
    .addOption(stateOption())
    .addOption(regionOption())
    .addHelpText('after', help)
    .action(async (options: IngestOptions) => (await import('../actions/ingest.js')).ingest(options));
}

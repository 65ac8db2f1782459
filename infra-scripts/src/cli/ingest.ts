import { settingsManual } from '@millrace/ingest-server';
import { type Command, Option } from 'commander';
import { stateFolder } from '../runtime/context.js';
import { serveIngest } from '../runtime/ingest.js';
import { parsePort } from '../runtime/ports.js';
import { sayer } from '../runtime/say.js';
import { untilStopped } from '../runtime/until-stopped.js';
import { ingestPort, stateOption } from './serve-options.js';

/** MILLRACE_PORT is left out: here the option sets it. */
const environment = () => `
The environment:
${settingsManual()
  .filter(({ name }) => name !== 'MILLRACE_PORT')
  .map(({ name, expected }) => `  ${name.padEnd(24)}  ${expected}`)
  .join('\n')}
  AWS_*                     endpoint, region and credentials, as every AWS SDK reads them

What is not set is this machine's: the embedded AWS that runs on the state folder, a spool beside it, the write key demo, every origin.`;

export function addIngest(program: Command): void {
  program
    .command('ingest')
    .description('Run the ingest server alone; the environment configures it (MILLRACE_*, AWS_*)')
    .addOption(new Option('--port <port>', "the server's port").default(ingestPort))
    .addOption(stateOption())
    .addHelpText('after', environment)
    .action(async (options: { port: string; state?: string }) => {
      const ingest = await serveIngest({
        state: stateFolder(options),
        port: parsePort(options.port, '--port'),
        portOption: '--port',
        log: sayer('ingest'),
      });
      console.log(`The ingest server is at ${ingest.url}.`);
      await untilStopped(() => ingest.close(), sayer('ingest'));
    });
}

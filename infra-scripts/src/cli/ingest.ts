import { type Command, Option } from 'commander';
import { serveIngest } from '../serve/ingest.js';
import { parsePort } from '../serve/ports.js';
import { sayer } from '../serve/say.js';
import { untilStopped } from '../serve/until-stopped.js';
import { stateFolder } from './context.js';
import { ingestPort, stateOption } from './serve-options.js';

export function addIngest(program: Command): void {
  program
    .command('ingest')
    .description('Run the ingest server alone; the environment configures it (MILLRACE_*, AWS_*)')
    .addOption(new Option('--port <port>', "the server's port").default(ingestPort))
    .addOption(stateOption())
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

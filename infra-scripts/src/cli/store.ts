import type { Command } from 'commander';
import { ingestTarget, stateFolder } from '../runtime/context.js';
import { parsePort } from '../runtime/ports.js';
import { sayer } from '../runtime/say.js';
import { serveStore } from '../runtime/store.js';
import { untilStopped } from '../runtime/until-stopped.js';
import { stateOption, storePort } from './serve-options.js';

export function addStore(program: Command): void {
  program
    .command('store')
    .description('Run the demo store alone')
    .addOption(storePort())
    .addOption(stateOption())
    .option('--to <url>', 'the ingest server (default: the one that runs on the state folder)')
    .action(async (options: { port: string; state?: string; to?: string }) => {
      const state = stateFolder(options);
      const store = await serveStore({
        state,
        port: parsePort(options.port, '--port'),
        portOption: '--port',
        ingestUrl: ingestTarget(options.to, options),
      });
      console.log(
        `The demo store is at ${store.url}. The live view needs the whole pipeline in one process: millrace dev`,
      );
      await untilStopped(() => store.close(), sayer('store'));
    });
}

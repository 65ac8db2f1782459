import type { Command } from 'commander';
import type { StoreOptions } from '../actions/store.js';
import { stateOption, storePortOption } from '../options/serve.js';

/** Defines `millrace store`. */
export function addStore(program: Command): void {
  program
    .command('store')
    .description('Run the demo store alone')
    .addOption(storePortOption())
    .addOption(stateOption())
    .option('--to <url>', 'the ingest server (default: the one that runs on the state folder)')
    .action(async (options: StoreOptions) => (await import('../actions/store.js')).store(options));
}

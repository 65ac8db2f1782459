import type { Command } from 'commander';
import type { DevOptions } from '../actions/dev.js';
import {
  awsPortOption,
  ingestPortOption,
  lakeFormatOption,
  shardsOption,
  stateOption,
  storePortOption,
  timeScaleOption,
} from '../options/serve.js';

/** Defines `millrace dev`. */
export function addDev(program: Command): void {
  program
    .command('dev')
    .description('Run everything on this machine: demo store, live view, ingest server and the embedded AWS')
    .addOption(storePortOption())
    .addOption(ingestPortOption('--ingest-port'))
    .addOption(awsPortOption('--aws-port'))
    .addOption(stateOption())
    .addOption(timeScaleOption())
    .addOption(shardsOption())
    .addOption(lakeFormatOption())
    .option('--no-traffic', 'without synthetic shoppers')
    .action(async (options: DevOptions) => (await import('../actions/dev.js')).dev(options));
}

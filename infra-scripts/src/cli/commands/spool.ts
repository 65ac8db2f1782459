import type { Command } from 'commander';
import type { SpoolDrainOptions } from '../actions/spool-drain.js';
import type { SpoolLsOptions } from '../actions/spool-ls.js';
import { endpointOption, giveUpAfterOption, regionOption, stateOfServersOption } from '../options/target.js';
import { wholeNumber } from '../options/values.js';

const lsHelp = `
Nothing is changed, also not the spool of a server that runs. The times are UTC. With --json: one object.

Examples:
  millrace spool ls .millrace/spool
  millrace spool ls /var/lib/millrace/spool --json

Exit codes: 0 listed, 1 cannot be read, 2 called wrongly, 4 nothing there, 130 interrupted.`;

const drainHelp = `
For the spool of a server that does not run any more: of another host's disk, of a host that is gone. A server that runs delivers its
spool by itself. In order, with the rows of the ledger. What was damaged and can be read goes with it; what cannot stays set aside.
An entry leaves the folder once the stream has it, so the command can be stopped and run again.

Examples:
  millrace spool drain .millrace/spool
  millrace spool drain /mnt/old/var/lib/millrace/spool --stream clickstream --region eu-central-1

Exit codes: 0 the stream has all of it, 1 not delivered or nothing can be read, 2 called wrongly, 3 some of it cannot be read, 4 nothing there,
130 interrupted.`;

/** Defines `millrace spool ls` and `millrace spool drain`. */
export function addSpool(program: Command): void {
  const spool = program.command('spool').description('Look at the spool of an ingest server, or deliver it by hand');
  spool
    .command('ls')
    .description('What a spool holds: events, bytes, the oldest event, damaged pieces with place and cause')
    .argument('<folder>', 'the folder of the spool, MILLRACE_SPOOL_FOLDER of its server')
    .option('--json', 'as JSON')
    .addHelpText('after', lsHelp)
    .action(async (folder: string, options: SpoolLsOptions) =>
      (await import('../actions/spool-ls.js')).spoolLs(folder, options),
    );
  spool
    .command('drain')
    .description('Put what a spool holds to the stream')
    .argument('<folder>', 'the folder of the spool, MILLRACE_SPOOL_FOLDER of its server')
    .option('--stream <name>', 'the Kinesis stream', process.env.MILLRACE_STREAM || 'clickstream')
    .addOption(endpointOption())
    .addOption(regionOption())
    .addOption(stateOfServersOption())
    .addOption(giveUpAfterOption(wholeNumber('The time', 0)))
    .option('--json', 'the totals as JSON')
    .addHelpText('after', drainHelp)
    .action(async (folder: string, options: SpoolDrainOptions) =>
      (await import('../actions/spool-drain.js')).spoolDrain(folder, options),
    );
}

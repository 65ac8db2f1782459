import type { Command } from 'commander';
import type { ReplayOptions } from '../actions/replay.js';
import {
  batchOption,
  connectionsOption,
  endpointOption,
  giveUpAfterOption,
  keyOption,
  outOption,
  regionOption,
  stateOfServersOption,
} from '../options/target.js';
import { numberOrMax } from '../options/values.js';

const help = `
A recording has an event a line, as a client sends it or as it lies in the lake; gzip is recognised; - is stdin.
Events get new ids, and streams, visitors and sessions new names, because a repetition of the same event is
removed as a duplicate. Their time is when they are sent. An event that comes twice in a recording (the same
event_id, stream_id and seq) is sent once. --keep-ids sends everything as it is.
Files are checked before anything is sent.

Examples:
  millrace replay infra-scripts/samples/sessions.jsonl --speed 60
                                                    a minute's clicks every second, to the server that runs here
  millrace replay sessions.jsonl.gz --speed max --to http://localhost:8080
  millrace replay sessions.jsonl --speed 10 --stream clickstream
  millrace replay --sort --speed max .millrace/s3/millrace-lake/page=*/event=*/*.gz
                                                    what lies in the lake, in the order in which it happened

Exit codes: 0 everything was acknowledged, 1 not acknowledged, all refused, or a line is no event, 2 called wrongly, 3 some refused,
or lines skipped by --skip-invalid, 4 no event in the files, 130 interrupted: --json says how far it got.`;

/** Defines `millrace replay`. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('Send recorded events again: through the ingest server, or straight into a Kinesis stream')
    .argument('<file...>', 'recordings, JSON Lines, plain or gzipped; - for stdin')
    .option('--speed <n>', 'how much faster than it was recorded; max: without waiting', numberOrMax('The speed'), 1)
    .option('--to [url]', 'the ingest server (the one that runs here)')
    .option('--stream <name>', 'straight into this Kinesis stream instead')
    .addOption(keyOption())
    .option('--keep-ids', 'keep ids and times as they are')
    .option('--skip-invalid', 'skip lines that are not valid events, instead of sending nothing')
    .option('--sort', 'order the events by time; holds them all in memory')
    .addOption(batchOption())
    .addOption(connectionsOption())
    .addOption(giveUpAfterOption())
    .addOption(outOption())
    .option('--json', 'the totals as JSON')
    .addOption(endpointOption())
    .addOption(regionOption())
    .addOption(stateOfServersOption())
    .addHelpText('after', help)
    .action(async (files: string[], options: ReplayOptions) =>
      (await import('../actions/replay.js')).replay(files, options),
    );
}

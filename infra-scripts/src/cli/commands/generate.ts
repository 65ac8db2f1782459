import type { Command } from 'commander';
import type { GenerateOptions } from '../actions/generate.js';
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
import { numberOrMax, seconds, wholeNumber } from '../options/values.js';

const help = `
Arguments as in the walkthrough's clickstream_generator_items.py: a maximum of 1 makes pauses of 0 or 1 second,
and 0 puts as fast as the stream answers, one event at a time. For load, use --to.

Examples:
  millrace generate clickstream 1 1                 shoppers straight into the stream, until Ctrl-C
  millrace generate clickstream 1 0 --count 500     500 events, without pauses
  millrace generate --to http://localhost:8080 --rate 200
                                                    200 events a second through the ingest server
  millrace generate --to --rate max --count 100000 --out sent.jsonl
                                                    as fast as the running server takes them; keeps a list of them

Exit codes: 0 everything was acknowledged, 1 not acknowledged or all refused, 2 called wrongly, 3 some refused, 130 interrupted before
--count or --duration was reached.`;

/** Defines `millrace generate`. */
export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('Synthetic shoppers: straight into a Kinesis stream, or with --to through the ingest server')
    .argument('[stream]', 'name of the Kinesis stream')
    .argument('[print-interval]', 'the maximum interval that is printed, in seconds (1)', wholeNumber('It', 0))
    .argument('[max-interval]', 'the real maximum interval between two events, in seconds (1)', wholeNumber('It', 0))
    .option('--to [url]', 'send to this ingest server; without a URL to the one that runs here')
    .addOption(keyOption())
    .option(
      '--rate <n>',
      'events per second, with --to; max: as fast as they are acknowledged (10)',
      numberOrMax('The rate'),
    )
    .option('--sessions <n>', 'visits that go on at the same time', wholeNumber('The number of sessions', 1, 100_000))
    .option('--count <n>', 'end after this number of events', wholeNumber('The count', 1))
    .option('--duration <s>', 'make events for this number of seconds', seconds('The duration'))
    .option('--seed <text>', 'the same seed makes the same shoppers')
    .addOption(batchOption())
    .addOption(connectionsOption())
    .addOption(giveUpAfterOption())
    .addOption(outOption())
    .option('--json', 'into a stream: the events as JSON Lines; with --to: the totals as JSON')
    .option('--verbose', 'into a stream: each event as indented JSON, and the answer to it')
    .addOption(endpointOption())
    .addOption(regionOption())
    .addOption(stateOfServersOption())
    .addHelpText('after', help)
    .action(
      async (
        stream: string | undefined,
        printed: number | undefined,
        max: number | undefined,
        options: GenerateOptions,
      ) => (await import('../actions/generate.js')).generate(stream, printed ?? 1, max ?? 1, options),
    );
}

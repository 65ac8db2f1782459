import { Option } from 'commander';
import { numberAbove0, wholeNumber } from './values.js';

/** Checked with the other options, before a command is loaded. */
const portOption = (flag: string, description: string, port: number) =>
  new Option(`${flag} <port>`, description)
    .argParser(wholeNumber('A port (0 takes any free one)', 0, 65_535))
    .default(port);

/** `--port`, the demo store's. */
export const storePortOption = () => portOption('--port', "the demo store's port", 3000);

/** @param flag the option's name: `--port` where the ingest server is alone */
export const ingestPortOption = (flag: string) => portOption(flag, "the ingest server's port", 8080);

/** @param flag the option's name: `--port` where the embedded AWS is alone */
export const awsPortOption = (flag: string) => portOption(flag, "the embedded AWS's port", 4566);

/** `--state`, for commands that run servers. */
export const stateOption = () =>
  new Option(
    '--state <folder>',
    'the folder of streams, objects and positions (default: MILLRACE_STATE, else .millrace here)',
  );

/** `--time-scale`, 30 unless given. */
export const timeScaleOption = () =>
  new Option(
    '--time-scale <n>',
    "how much faster than AWS the delivery stream's buffer clock runs: 30 makes 60 s into 2 s",
  )
    .argParser(numberAbove0('The time scale'))
    .default(30);

/** `--shards`, 8 unless given. */
export const shardsOption = () =>
  new Option('--shards <n>', 'shards of the stream, when it is created')
    .argParser(wholeNumber('The number of shards', 1))
    .default(8);

/** `--format`, json unless given. */
export const lakeFormatOption = () =>
  new Option(
    '--format <format>',
    'what the delivery stream writes, when it is created: JSON Lines, or Parquet made of them',
  )
    .choices(['json', 'parquet'])
    .default('json');

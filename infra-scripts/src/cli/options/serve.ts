import { Option } from 'commander';
import { numberAbove0, wholeNumber } from './values.js';

/** `--port`, the demo store's. */
export const storePortOption = () => new Option('--port <port>', "the demo store's port").default('3000');

/** @param flag the option's name: `--port` where the ingest server is alone */
export const ingestPortOption = (flag: string) =>
  new Option(`${flag} <port>`, "the ingest server's port").default('8080');

/** @param flag the option's name: `--port` where the embedded AWS is alone */
export const awsPortOption = (flag: string) => new Option(`${flag} <port>`, "the embedded AWS's port").default('4566');

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

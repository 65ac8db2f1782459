import { InvalidArgumentError, Option } from 'commander';

export const awsPort = '4566';
export const ingestPort = '8080';

export const storePort = () => new Option('--port <port>', "the demo store's port").default('3000');

export const stateOption = () =>
  new Option(
    '--state <folder>',
    'where streams, objects and positions are kept (default: MILLRACE_STATE, else .millrace here)',
  );

function positive(what: string, whole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0) || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`${what} is a ${whole ? 'whole ' : ''}number above 0.`);
    }
    return value;
  };
}

export const timeScale = () =>
  new Option(
    '--time-scale <n>',
    "how much faster than AWS the delivery stream's buffer clock runs: 30 makes 60 s into 2 s",
  )
    .argParser(positive('The time scale', false))
    .default(30);

export const shards = () =>
  new Option('--shards <n>', 'shards of the stream, when it is created')
    .argParser(positive('The number of shards', true))
    .default(8);

export const lakeFormat = () =>
  new Option(
    '--format <format>',
    'what objects are when the delivery stream is created: JSON Lines, or Parquet made of them',
  )
    .choices(['json', 'parquet'])
    .default('json');

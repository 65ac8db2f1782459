import { type Command, InvalidArgumentError } from 'commander';
import type { AwsOptions } from '../actions/aws.js';
import type { AwsCheckOptions } from '../actions/aws-check.js';
import { awsPortOption, lakeFormatOption, shardsOption, stateOption, timeScaleOption } from '../options/serve.js';

const checkHelp = `
Reads all of it and compares it with its checksums: streams, records, delivery streams, positions, tables, objects and uploads. Names each damaged thing: the file; for
records the bytes, how many they cost, and where a copy of them was set aside. Nothing is changed; it may run meanwhile. With --json: one object.

Examples:
  millrace aws check
  millrace aws check --state /srv/millrace --json

Exit codes: 0 all is whole, 1 something is damaged or cannot be read, 2 called wrongly, 3 a file is of another version, 4 nothing there, 130 interrupted.`;

/** Defines `millrace aws` and `millrace aws check`. */
export function addAws(program: Command): void {
  const run = program
    .command('aws')
    .description('Run the embedded AWS alone: Kinesis, Data Firehose, S3, Glue and CloudWatch on one endpoint')
    .addOption(awsPortOption('--port'))
    .addOption(stateOption())
    .addOption(timeScaleOption())
    .addOption(shardsOption())
    .addOption(lakeFormatOption())
    .option(
      '--lambda <name=source>',
      'stands in for a Lambda function: a module with a handler, or a URL that takes the event by POST; may be repeated',
      namedSource,
    )
    .option(
      '--delivery-endpoint <url>',
      'where delivery streams read from Kinesis and write to S3, if not here: the endpoint of another emulator',
      url,
    )
    .option('--no-pipeline', 'create nothing on it')
    .action(async (options: AwsOptions) => (await import('../actions/aws.js')).aws(options));
  run
    .command('check')
    .description('Look for damage in the state of the embedded AWS')
    .addOption(stateOption())
    .option('--json', 'as JSON')
    .addHelpText('after', checkHelp)
    // `--state` is also an option of `aws`, which takes it wherever it stands.
    .action(async (_: unknown, command: Command) =>
      (await import('../actions/aws-check.js')).awsCheck(command.optsWithGlobals<AwsCheckOptions>()),
    );
}

function url(text: string): string {
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('It must be a URL, as http://127.0.0.1:4567.');
  return text;
}

function namedSource(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, source] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be NAME=FILE or NAME=URL.');
  return { ...before, [name]: source! };
}

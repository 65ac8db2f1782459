import { type Command, InvalidArgumentError } from 'commander';
import type { AwsOptions } from '../actions/aws.js';
import { awsPortOption, lakeFormatOption, shardsOption, stateOption, timeScaleOption } from '../options/serve.js';

/** Defines `millrace aws`. */
export function addAws(program: Command): void {
  program
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

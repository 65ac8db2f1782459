import { type Command, InvalidArgumentError, Option } from 'commander';
import { definePipeline } from '../pipeline/definition.js';
import { serveAws } from '../runtime/aws.js';
import { stateFolder } from '../runtime/context.js';
import { parsePort } from '../runtime/ports.js';
import { sayer } from '../runtime/say.js';
import { untilStopped } from '../runtime/until-stopped.js';
import { awsPort, lakeFormat, shards, stateOption, timeScale } from './serve-options.js';

interface AwsOptions {
  port: string;
  state?: string;
  timeScale: number;
  shards: number;
  format: 'json' | 'parquet';
  pipeline: boolean;
  lambda?: Record<string, string>;
}

export function addAws(program: Command): void {
  program
    .command('aws')
    .description('Run the embedded AWS alone: Kinesis, Data Firehose, S3, Glue and CloudWatch on one endpoint')
    .addOption(new Option('--port <port>', "the endpoint's port").default(awsPort))
    .addOption(stateOption())
    .addOption(timeScale())
    .addOption(shards())
    .addOption(lakeFormat())
    .option(
      '--lambda <name=source>',
      'what stands in for a Lambda function: a module with a handler, or a URL that takes the event by POST; may be repeated',
      namedSource,
    )
    .option('--no-pipeline', 'create nothing on it')
    .action(async (options: AwsOptions) => {
      const aws = await serveAws({
        state: stateFolder(options),
        port: parsePort(options.port, '--port'),
        portOption: '--port',
        timeScale: options.timeScale,
        log: sayer('aws'),
        ...(options.lambda ? { functions: options.lambda } : {}),
        ...(options.pipeline ? { pipeline: definePipeline({ shards: options.shards, format: options.format }) } : {}),
      });
      console.log(`The embedded AWS is at ${aws.url}. In another terminal: export AWS_ENDPOINT_URL=${aws.url}`);
      await untilStopped(() => aws.close(), sayer('aws'));
    });
}

function namedSource(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, source] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be NAME=FILE or NAME=URL.');
  return { ...before, [name]: source! };
}

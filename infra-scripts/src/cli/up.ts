import { readFileSync } from 'node:fs';
import { defineCatalogue } from '@millrace/sdk/schema';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Wanted } from '../deploy/deployment.js';
import { definePipeline, type PipelineSettings } from '../pipeline/definition.js';
import { UsageError } from '../runtime/context.js';
import { type DeployOptions, deploying, deployOptions } from './deploy-options.js';
import { wholeNumber } from './option-values.js';

interface UpOptions extends DeployOptions {
  trial?: true;
  shards?: number | 'on-demand';
  stream?: string;
  retentionHours?: number;
  bufferSize?: number;
  bufferSeconds?: number;
  format?: 'json' | 'parquet';
  compression?: 'GZIP' | 'UNCOMPRESSED';
  datePartition?: true;
  catalogue?: string;
  origins?: string;
  certificate?: string;
  domain?: string;
  allowedCidr?: string;
  instanceType?: string;
  minServers?: number;
  maxServers?: number;
  spoolGib?: number;
  lingerMs?: number;
  scanLimitGib?: number;
  alarmEmail?: string;
  generatorHost?: boolean;
  eventsPerSecond?: number;
  printTemplate?: true;
  printResources?: true;
  check: boolean;
}

const help = `
Says what it will create and cost, and asks. Safe to run again: it goes on where it was, changes what is asked for after showing it, and leaves the
rest as it is. What is not given stays as it is deployed. The lake is never deleted.

Examples:
  millrace up --trial --origins '*' --region eu-central-1      one small server, for a try
  millrace up --shards 4 --origins https://shop.example --domain collect.shop.example --certificate arn:aws:acm:…
  millrace up --shards 8                                       the same with eight shards, after showing the change
  millrace up --print-resources                                what would be there, a line each
  millrace up --print-template > template.yaml                 to review it, or for the console

Exit codes: 0 it is as asked for, 1 it is not, 2 called wrongly, 130 stopped by Ctrl-C (AWS goes on; up again goes on, too).`;

function shardsOf(text: string): number | 'on-demand' {
  if (text === 'on-demand') return text;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Shards are a whole number above 0, or on-demand.');
  return value;
}

export function addUp(program: Command): void {
  deployOptions(program.command('up').description('Deploy the pipeline on AWS, or change what is deployed'))
    .option('--trial', 'one small server without a load balancer')
    .option('--origins <list>', "the origins of the pages that may send, separated by spaces; '*' for every page")
    .option('--domain <name>', 'the name of the collector, as collect.example.com')
    .option('--certificate <arn>', 'its certificate, of AWS Certificate Manager: turns on TLS')
    .option('--shards <n>', 'shards of the stream, or on-demand (2, a trial 1)', shardsOf)
    .option('--stream <name>', 'the name of the Kinesis stream')
    .option('--retention-hours <h>', 'how long the stream keeps an event', wholeNumber('Retention', 24, 8_760))
    .option('--buffer-size <MiB>', 'Firehose’s, 64 to 128', wholeNumber('The buffer', 64, 128))
    .option('--buffer-seconds <s>', 'Firehose’s, 60 to 900', wholeNumber('The interval', 60, 900))
    .addOption(new Option('--format <format>', 'of the objects').choices(['json', 'parquet']))
    .addOption(new Option('--compression <kind>', 'of JSON').choices(['GZIP', 'UNCOMPRESSED']))
    .option('--date-partition', 'dt=… beside page and event')
    .option('--catalogue <file>', 'a JSON file {"pages":[…],"events":[…]} with the names that are partitions')
    .option('--instance-type <type>', "the servers' type (c6i.large, a trial t3.micro)")
    .option('--min-servers <n>', 'servers at least (2)', wholeNumber('The number', 1, 10_000))
    .option('--max-servers <n>', 'servers at most (6)', wholeNumber('The number', 1, 10_000))
    .option('--spool-gib <n>', 'disk for an outage, a server (8, a trial 1)', wholeNumber('The spool', 1, 1_000))
    .option('--linger-ms <ms>', 'how long a record waits for company (50)', wholeNumber('The linger', 0, 100))
    .option('--allowed-cidr <cidr>', 'the addresses that may send (0.0.0.0/0)')
    .option('--scan-limit-gib <n>', 'what one query may scan (100)', wholeNumber('The limit', 1, 1_000_000))
    .option('--alarm-email <address>', 'where alarms go')
    .option('--generator-host', 'a small host for generate, replay and query')
    .option('--no-generator-host', 'without it')
    .option('--events-per-second <n>', 'for the cost that is said', wholeNumber('The rate', 1))
    .option('--print-template', 'print the template, and do nothing')
    .option('--print-resources', 'print what would be there, a line each, and do nothing')
    .option('--no-check', 'send no event through it at the end')
    .option('--yes', 'do not ask')
    .option('--json', 'at the end: outputs and write keys as JSON')
    .addHelpText('after', help)
    .action(async (options: UpOptions) => {
      const wanted = wantedOf(options);
      if (options.printTemplate || options.printResources) return print(wanted, options.printResources === true);
      await deploying(options, async ({ clients, region, says, signal }) => {
        const { up } = await import('../deploy/up.js');
        const { costText } = await import('../deploy/cost.js');
        const { makeRelease } = await import('../release/archive.js');
        const { checkEndToEnd } = await import('../deploy/check.js');
        const deployed = await up({
          clients,
          region,
          wanted,
          says,
          signal,
          release: makeRelease,
          cost: (deployment) =>
            costText(deployment, options.eventsPerSecond ?? (deployment.size === 'trial' ? 1 : 100)),
          check: options.check
            ? ({ outputs, writeKeys, deployment }) => {
                const { bufferIntervalSeconds, format } = definePipeline(deployment.settings).settings;
                return checkEndToEnd({
                  s3: clients.s3,
                  collectorUrl: outputs.CollectorUrl!,
                  writeKey: writeKeys[0]!,
                  lake: outputs.LakeBucketName!,
                  bufferIntervalSeconds,
                  format,
                  says,
                  signal,
                });
              }
            : undefined,
        });
        if (deployed === undefined) {
          says.line('Nothing was done.');
          process.exitCode = 1;
          return;
        }
        const { outputs, writeKeys } = deployed;
        if (options.json) console.log(JSON.stringify({ outputs, writeKeys, changed: deployed.changed }));
        else {
          const url = outputs.CollectorUrl;
          console.log(
            `\nPaste this into a page:\n\n<script async src="${url}/millrace.js" data-key="${writeKeys[0]}" data-page="books"></script>\n`,
          );
          if (url?.startsWith('http:'))
            console.log('It is plain HTTP: a page on https cannot load it. --domain and --certificate turn on TLS.');
        }
      });
    });
}

/** Only what was given: the rest stays as it is deployed. */
function given<Shape extends object>(values: Shape): { [Name in keyof Shape]?: NonNullable<Shape[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function wantedOf(options: UpOptions): Wanted {
  const settings: Partial<PipelineSettings> = given({
    shards: options.shards,
    stream: options.stream,
    retentionHours: options.retentionHours,
    bufferSizeMiB: options.bufferSize,
    bufferIntervalSeconds: options.bufferSeconds,
    format: options.format,
    compression: options.compression,
    datePartition: options.datePartition,
    catalogue: options.catalogue === undefined ? undefined : catalogueOf(options.catalogue),
  });
  try {
    definePipeline(settings);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const parameters = given({
    Origins: options.origins,
    CertificateArn: options.certificate,
    DomainName: options.domain,
    AllowedCidr: options.allowedCidr,
    InstanceType: options.instanceType,
    ImageId: options.instanceType === undefined ? undefined : imageFor(options.instanceType),
    MinServers: text(options.minServers),
    MaxServers: text(options.maxServers),
    SpoolGiB: text(options.spoolGib),
    DiskGiB: text(options.spoolGib === undefined ? undefined : options.spoolGib + 8),
    LingerMs: text(options.lingerMs),
    ScanLimitBytes: text(options.scanLimitGib === undefined ? undefined : options.scanLimitGib * 2 ** 30),
    AlarmEmail: options.alarmEmail,
    Generator: options.generatorHost === undefined ? undefined : options.generatorHost ? 'yes' : 'no',
  });
  return { name: options.name, ...(options.trial ? { size: 'trial' as const } : {}), settings, parameters };
}

/** Amazon Linux 2023 for the processor of an instance type: a g behind the generation is AWS's own, arm64. */
export const imageFor = (type: string): string =>
  `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${/^[a-z]+\d+g[a-z]*\./.test(type) ? 'arm64' : 'x86_64'}`;

function catalogueOf(file: string) {
  try {
    return defineCatalogue(JSON.parse(readFileSync(file, 'utf8')) as { pages: string[]; events: string[] });
  } catch (error) {
    throw new UsageError(`--catalogue ${file}: ${(error as Error).message}`);
  }
}

async function print({ size = 'standard', settings = {} }: Wanted, asList: boolean): Promise<void> {
  const { makeTemplate } = await import('../template/template.js');
  const { templateYaml } = await import('../template/yaml.js');
  const described = makeTemplate(definePipeline(settings), size, settings);
  if (asList) {
    const resources = Object.entries(described.template.Resources);
    for (const [name, { Type, Condition }] of resources)
      console.log(`${name} (${Type}${Condition ? `, if ${Condition}` : ''}): ${described.comments[name]}`);
    return;
  }
  console.log(templateYaml(described, ['Made by millrace up --print-template.']).trimEnd());
}

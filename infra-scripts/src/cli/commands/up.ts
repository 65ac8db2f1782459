import { type Command, InvalidArgumentError, Option } from 'commander';
import type { UpCommandOptions } from '../actions/up-settings.js';
import { deployOptions } from '../options/deploy.js';
import { wholeNumber } from '../options/values.js';

const help = `
Shows what it will create and what that costs, and asks. It is safe to run again: it goes on where it was, and shows a change before it makes it.
An option that is not given stays as it is deployed. The lake is never deleted.

Examples:
  millrace up --trial --origins '*' --region eu-central-1      one small server, for a try
  millrace up --shards 4 --origins https://shop.example --domain collect.shop.example --certificate arn:aws:acm:…
  millrace up --shards 8                                       the same with eight shards, after showing the change
  millrace up --print-resources                                what would be there, a line each
  millrace up --print-template > template.yaml                 to review it, or for the console

Exit codes: 0 the pipeline is as asked for, 1 it is not, 2 called wrongly, 130 stopped by Ctrl-C (AWS goes on, and so does
the next up).`;

function shardsOf(text: string): number | 'on-demand' {
  if (text === 'on-demand') return text;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Shards are a whole number above 0, or on-demand.');
  return value;
}

/** Defines `millrace up`. */
export function addUp(program: Command): void {
  deployOptions(program.command('up').description('Deploy the pipeline on AWS, or change what is deployed'))
    .option('--trial', 'one small server without a load balancer')
    .option('--origins <list>', "the origins of the pages that may send, separated by spaces; '*' for every page")
    .option('--domain <name>', 'the name of the collector, as collect.example.com')
    .option('--certificate <arn>', 'its certificate, of AWS Certificate Manager: turns on TLS')
    .option('--shards <n>', 'shards of the stream, or on-demand (2, a trial 1)', shardsOf)
    .option('--stream <name>', 'the name of the Kinesis stream')
    .option('--retention-hours <h>', 'how long the stream keeps an event', wholeNumber('Retention', 24, 8_760))
    .option('--buffer-size <MiB>', 'the size of Firehose’s buffer, 64 to 128', wholeNumber('The buffer', 64, 128))
    .option(
      '--buffer-seconds <s>',
      'the interval of Firehose’s buffer, 60 to 900',
      wholeNumber('The interval', 60, 900),
    )
    .addOption(new Option('--format <format>', 'what the objects are').choices(['json', 'parquet']))
    .addOption(new Option('--compression <kind>', 'of JSON objects').choices(['GZIP', 'UNCOMPRESSED']))
    .option('--date-partition', 'add dt=… after page and event')
    .option('--catalogue <file>', 'a JSON file {"pages":[…],"events":[…]} with the names that are partitions')
    .option('--instance-type <type>', "the servers' type (c6i.large, a trial t3.micro)")
    .option('--min-servers <n>', 'servers at least (2)', wholeNumber('The number', 1, 10_000))
    .option('--max-servers <n>', 'servers at most (6)', wholeNumber('The number', 1, 10_000))
    .option('--spool-gib <n>', 'disk for an outage, a server (8, a trial 1)', wholeNumber('The spool', 1, 1_000))
    .addOption(
      new Option('--spread <way>', 'visitor: a visitor keeps to a shard; even: full records at any rate').choices([
        'visitor',
        'even',
      ]),
    )
    .option('--linger-ms <ms>', 'how long a record waits for more events (500)', wholeNumber('The linger', 0, 1_000))
    .option('--allowed-cidr <cidr>', 'the addresses that may send (0.0.0.0/0)')
    .option('--scan-limit-gib <n>', 'what one query may scan (100)', wholeNumber('The limit', 1, 1_000_000))
    .option('--alarm-email <address>', 'where alarms go')
    .option('--generator-host', 'a small host for generate, replay and query')
    .option('--no-generator-host', 'without that host')
    .option('--events-per-second <n>', 'for the cost that it names, and the way to spread', wholeNumber('The rate', 1))
    .option('--print-template', 'print the template, and do nothing')
    .option('--print-resources', 'print the resources, a line each, and do nothing')
    .option('--no-check', 'send no event through it at the end')
    .option('--yes', 'do not ask')
    .option('--json', 'at the end: outputs and write keys as JSON')
    .addHelpText('after', help)
    .action(async (options: UpCommandOptions) => {
      if (options.printTemplate || options.printResources)
        return (await import('../actions/print-template.js')).printTemplate(options);
      return (await import('../actions/up.js')).upCommand(options);
    });
}

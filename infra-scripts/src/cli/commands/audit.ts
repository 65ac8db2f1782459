import { type Command, Option } from 'commander';
import type { AuditCommandOptions } from '../actions/audit.js';
import { lakeOption, lakeStateOption } from '../options/lake.js';
import { moment, numberFrom0 } from '../options/values.js';

const examples = `
An ingest server writes what it acknowledged into the lake as well: the ledger. What the ledger names and no object has was lost by us; no
page can forge that. Every event also has its number in its stream, without gaps from 0, and a stream's first event says how far the
visitor's stream before it got. A gap that no acknowledgement covers is the page's word. Where there is no ledger, the numbers are all there is.
What cannot be known: events after the last one that arrived of a stream whose visitor has not been seen again.

Examples:
  millrace audit
  millrace audit --late 300 --worst 50
  millrace audit --since 2026-11-23 --until 2026-11-24T06:00:00Z --page books
  millrace audit --site shop
  millrace audit --since 2026-11-23 --html audit.html
  millrace audit --json | jq .lost_by_us

Exit code: 0 proved complete, 1 something is lost, 2 called wrongly, 3 cannot say (rows of the ledger are missing, or an object cannot be
read to its end), 4 nothing to audit.`;

/** Defines `millrace audit`. */
export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('Prove from the lake alone what was lost, doubled, late or out of order')
    .option('--json', 'the whole report as one JSON object, also by hour and by version of the tracker')
    .option('--html <file>', 'write the report as one page too, with plots, for people who run no commands')
    .addOption(
      new Option('--late <seconds>', 'an event received this long after it happened is late')
        .argParser(numberFrom0('--late'))
        .default(60),
    )
    .addOption(new Option('--worst <n>', 'how many streams to name').argParser(numberFrom0('--worst')).default(10))
    .addOption(
      new Option(
        '--since <time>',
        'only streams with an event received then or later: 2026-11-23, or with a time in UTC; a stream counts whole',
      ).argParser(moment('--since')),
    )
    .addOption(
      new Option('--until <time>', 'only streams with an event received before then').argParser(moment('--until')),
    )
    .option('--page <page>', 'only streams with an event on this page; a stream counts whole')
    .addOption(
      new Option(
        '--settle <seconds>',
        'what belongs to objects newer than this may still be delivered: twice the buffer of Firehose',
      )
        .argParser(numberFrom0('--settle'))
        .default(120),
    )
    .option('--site <site>', 'only streams with an event of this site; a stream counts whole')
    .option(
      '--no-cache',
      'read every object again: else one that is as it was, by size and times, is not, and .LAKE.audit beside the lake has what was in it',
    )
    .option('--no-checksums', "skip the check of every object's gzip length and checksum: proves less")
    .addOption(lakeOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (options: AuditCommandOptions) => (await import('../actions/audit.js')).audit(options));
}

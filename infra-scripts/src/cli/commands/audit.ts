import { type Command, Option } from 'commander';
import type { AuditCommandOptions } from '../actions/audit.js';
import { lakeOption, lakeStateOption } from '../options/lake.js';
import { numberFrom0 } from '../options/values.js';

const examples = `
Every event carries its stream and its position in it, without gaps from 0, and a stream's first event says how far the visitor's stream
before it got. So the lake alone shows what is missing. What it cannot show: events after the last one that arrived of a stream whose
visitor has not been seen again; those streams are counted as having an unknown tail.

Examples:
  millrace audit
  millrace audit --late 300 --worst 50
  millrace audit --json | jq .missing

Exit code: 0 nothing is missing and every object could be read, 1 otherwise, 2 called wrongly.`;

/** Defines `millrace audit`. */
export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('Prove from the lake alone what was lost, doubled, late or out of order')
    .option('--json', 'the whole report as one JSON object')
    .addOption(
      new Option('--late <seconds>', 'an event received this long after it happened is late')
        .argParser(numberFrom0('--late'))
        .default(60),
    )
    .addOption(new Option('--worst <n>', 'how many streams to name').argParser(numberFrom0('--worst')).default(10))
    .option('--no-checksums', "skip the check of every object's gzip length and checksum: faster, and proves less")
    .addOption(lakeOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (options: AuditCommandOptions) => (await import('../actions/audit.js')).audit(options));
}

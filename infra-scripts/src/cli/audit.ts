import { type Command, InvalidArgumentError, Option } from 'commander';
import { auditText } from './audit-text.js';
import { auditableLakeOf, type LakeCommandOptions, lakeOption, lakeStateOption, warn } from './lake-options.js';

interface AuditCommandOptions extends LakeCommandOptions {
  late: number;
  worst: number;
  checksums: boolean;
}

const examples = `
Every event carries its stream and its position in it, without gaps from 0, and a stream's first event says how far the visitor's stream
before it got. So the lake alone shows what is missing. What it cannot show: events after the last one that arrived of a stream whose
visitor has not been seen again; those streams are counted as having an unknown tail.

Examples:
  millrace audit
  millrace audit --late 300 --worst 50
  millrace audit --json | jq .missing

Exit code: 0 nothing is missing and every object could be read, 1 otherwise, 2 called wrongly.`;

function number(least: number) {
  return (text: string) => {
    const value = Number(text);
    if (!(value >= least) || !Number.isFinite(value))
      throw new InvalidArgumentError(`It is a number, ${least} or more.`);
    return value;
  };
}

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('Prove from the lake alone what was lost, doubled, late or out of order')
    .option('--json', 'the whole report as one JSON object')
    .addOption(
      new Option('--late <seconds>', 'received longer after it happened is late').argParser(number(0)).default(60),
    )
    .addOption(new Option('--worst <n>', 'how many streams to name').argParser(number(0)).default(10))
    .option('--no-checksums', "leave out the check of every object's gzip length and checksum: faster, and proves less")
    .addOption(lakeOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (options: AuditCommandOptions) => {
      const lake = await auditableLakeOf(options);
      try {
        const report = await lake.audit({
          lateMs: Math.round(options.late * 1_000),
          worst: Math.floor(options.worst),
          checksums: options.checksums,
        });
        if (options.json) console.log(JSON.stringify(report));
        else {
          console.log(auditText(report));
          warn(report);
        }
        process.exitCode = report.ok ? 0 : 1;
      } finally {
        await lake.close();
      }
    });
}

import { runOnAws } from '../targets/aws-target.js';
import { addGenerate } from './commands/generate.js';
import { addLs } from './commands/ls.js';
import { addPlan } from './commands/plan.js';
import { addQuery } from './commands/query.js';
import { addRedrive } from './commands/redrive.js';
import { addReplay } from './commands/replay.js';
import { addSpool } from './commands/spool.js';
import { runProgram } from './program.js';

/** The `millrace` command of the release archive: what works on a host on AWS, where nothing else is installed. */
export async function main(): Promise<void> {
  runOnAws();
  process.exitCode = await runProgram(
    [addGenerate, addReplay, addQuery, addLs, addRedrive, addSpool, addPlan],
    process.argv.slice(2),
  );
}

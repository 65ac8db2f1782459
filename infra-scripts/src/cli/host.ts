import { addGenerate } from './generate.js';
import { addLs } from './ls.js';
import { addPlan } from './plan.js';
import { runProgram } from './program.js';
import { addQuery } from './query.js';
import { addRedrive } from './redrive.js';
import { addReplay } from './replay.js';

/** The `millrace` command of the release archive: what works on a host on AWS, where nothing else is installed. */
export async function main(): Promise<void> {
  process.exitCode = await runProgram(
    [addGenerate, addReplay, addQuery, addLs, addRedrive, addPlan],
    process.argv.slice(2),
  );
}

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAudit } from './audit.js';
import { addAws } from './aws.js';
import { CommandError, UsageError } from './context.js';
import { addDev } from './dev.js';
import { addGenerate } from './generate.js';
import { addIngest } from './ingest.js';
import { addLs } from './ls.js';
import { addPlan } from './plan.js';
import { addQuery } from './query.js';
import { addRedrive } from './redrive.js';
import { addReplay } from './replay.js';
import { addStore } from './store.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function createProgram(): Command {
  const program = new Command('millrace')
    .description('Carries every click from a storefront to a partitioned data lake, and proves that it arrived.')
    .version(version)
    .showHelpAfterError('(millrace --help lists the commands, millrace COMMAND --help explains one)')
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => command.name() });
  const commands = [
    addDev,
    addGenerate,
    addReplay,
    addQuery,
    addLs,
    addAudit,
    addRedrive,
    addPlan,
    addAws,
    addIngest,
    addStore,
  ];
  for (const add of commands) add(program);
  return program;
}

/** Errors that speak for themselves; of all others the stack is wanted. */
function isPlain(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof CommandError;
}

/** Runs one command; returns the exit code: 0 done, 1 failed, 2 called wrongly. A command may have set `process.exitCode` itself. */
export async function run(args: string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (isPlain(error)) console.error(`millrace: ${error.message}`);
    else console.error(error);
    return error instanceof UsageError ? 2 : 1;
  }
}

import { isMillraceError } from '@millrace/kit/millrace-error';
import { version } from '@millrace/kit/version';
import { Command, CommanderError } from 'commander';
import { CommandError, UsageError } from '../runtime/context.js';

/** Adds one command to the program. */
export type AddCommand = (program: Command) => void;

function createProgram(commands: readonly AddCommand[]): Command {
  const program = new Command('millrace')
    .description('Carries every click from a storefront to a partitioned data lake, and proves that it arrived.')
    .version(version)
    .showHelpAfterError('(millrace --help lists the commands, millrace COMMAND --help explains one)')
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => command.name() });
  for (const add of commands) add(program);
  return program;
}

/** Errors that speak for themselves; of all others the stack is wanted. */
function isPlain(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof CommandError || isMillraceError(error);
}

/** Runs one command; returns the exit code: 0 done, 1 failed, 2 called wrongly. A command may have set `process.exitCode` itself. */
export async function runProgram(commands: readonly AddCommand[], args: string[]): Promise<number> {
  const program = createProgram(commands);
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (isPlain(error)) console.error(`millrace: ${error.message}`);
    else console.error(error);
    if (isMillraceError(error)) return error.exitCode;
    return error instanceof UsageError ? 2 : 1;
  }
}

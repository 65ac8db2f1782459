import { isMillraceError } from '@millrace/kit/millrace-error';
import { Command, CommanderError } from 'commander';
import { addGenerate } from '../src/cli/commands/generate.js';
import { addReplay } from '../src/cli/commands/replay.js';

/** `millrace generate` and `millrace replay` alone, without the other commands and what they load. Returns the exit code. */
export async function runProgram(args: readonly string[], say: (text: string) => void): Promise<number> {
  const program = new Command('millrace').exitOverride().configureOutput({ writeErr: say, writeOut: say });
  addGenerate(program);
  addReplay(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!isMillraceError(error)) throw error;
    say(`millrace: ${error.message}\n`);
    return error.exitCode;
  }
}

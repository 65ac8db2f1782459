import { isMillraceError } from '@millrace/kit/millrace-error';
import { version } from '@millrace/kit/version';
import { Command, CommanderError } from 'commander';
import { asCalled } from './text/as-called.js';

/**
 * Adds one command to the program: its options and its help. What it does is imported when it runs, so that no command
 * loads what another needs. `args` are those of this call, for a help text that has to be loaded.
 */
export type AddCommand = (program: Command, args: readonly string[]) => void | Promise<void>;

async function createProgram(commands: readonly AddCommand[], args: readonly string[]): Promise<Command> {
  const program = new Command('millrace')
    .description('Carries every click from a storefront to a partitioned data lake, and proves that it arrived.')
    .version(version)
    .showHelpAfterError('(millrace --help lists the commands, millrace COMMAND --help explains one)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(asCalled(text)),
      writeErr: (text) => void process.stderr.write(asCalled(text)),
    })
    .configureHelp({ subcommandTerm: (command) => command.name() });
  for (const add of commands) await add(program, args);
  return program;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends the process with 130 at a signal, unless the command listens for it: then the command ends in its own way. */
function endAtSignals(): () => void {
  const listeners = signals.map((name) => {
    const listener = () => {
      if (process.listenerCount(name) === 1) process.exit(130);
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return () => {
    for (const release of listeners) release();
  };
}

/**
 * Runs one command and returns its exit code. A command may have set `process.exitCode` itself. An error that a person
 * can act on is printed as its message; any other with its stack.
 */
export async function runProgram(commands: readonly AddCommand[], args: string[]): Promise<number> {
  const program = await createProgram(commands, args);
  const release = endAtSignals();
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (isMillraceError(error)) {
      console.error(`millrace: ${asCalled(error.message)}`);
      return error.exitCode;
    }
    console.error(error);
    return 1;
  } finally {
    release();
  }
}

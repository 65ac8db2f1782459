import { format } from 'node:util';
import { run } from '../../src/cli/main.js';

/** How a command ended: its exit code or the signal, and what it printed. */
export interface Finished {
  code: number | NodeJS.Signals;
  stdout: string;
  stderr: string;
}

/** Where a command runs: its folder, and its environment beside that of this process. */
export interface Surroundings {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** What would say to a command where things are, if the process that tests it has it. */
export const isOurs = (name: string) => /^(AWS_|MILLRACE_(?!TEST_)|NODE_OPTIONS)/.test(name);

let isBusy = false;
/** Whether `here` runs a command: it has the process to itself. */
export const isHereBusy = () => isBusy;

function surround({ cwd, env }: Surroundings): () => void {
  const before = { cwd: process.cwd(), env: { ...process.env } };
  for (const name of Object.keys(process.env)) if (isOurs(name)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  return () => {
    process.chdir(before.cwd);
    for (const name of Object.keys(process.env)) if (!(name in before.env)) delete process.env[name];
    Object.assign(process.env, before.env);
  };
}

/** Keeps what is printed. */
function listen(): { said: Record<'stdout' | 'stderr', string>; putBack: () => void } {
  const said = { stdout: '', stderr: '' };
  const writes = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const { write } = stream;
    stream.write = ((text: string | Uint8Array, ...more: unknown[]) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      const written = more.at(-1);
      if (typeof written === 'function') process.nextTick(written);
      return true;
    }) as typeof write;
    return () => {
      stream.write = write;
    };
  });
  const { log, info, warn, error } = console;
  console.log = console.info = (...given) => {
    said.stdout += `${format(...given)}\n`;
  };
  console.warn = console.error = (...given) => {
    said.stderr += `${format(...given)}\n`;
  };
  return {
    said,
    putBack() {
      for (const putBack of writes) putBack();
      Object.assign(console, { log, info, warn, error });
    },
  };
}

/** The real command, in this process: one of its own costs half a second of CPU. */
export async function here(args: string[], surroundings: Surroundings): Promise<Finished> {
  if (isBusy) throw new Error(`millrace ${args.join(' ')}: another command runs in this process`);
  isBusy = true;
  const leave = surround(surroundings);
  const { said, putBack } = listen();
  process.exitCode = undefined;
  try {
    return { code: await run(args), ...said };
  } finally {
    putBack();
    leave();
    process.exitCode = undefined;
    isBusy = false;
  }
}

import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);

/**
 * The path of a compiled program to start in a process of its own: Jest's global set-up bundles all of them when the
 * first is asked for, because a bundle starts in half the CPU time. Outside Jest it is the compiled file itself.
 * @param file relative to the project's folder; one of those in testing/jest/bundle-programs.mjs
 */
export async function program(file: string): Promise<string> {
  const servers = process.env.MILLRACE_TEST_SERVERS;
  if (!servers) return fileURLToPath(new URL(file, root));
  const response = await fetch(`${servers}/program?${new URLSearchParams({ file })}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

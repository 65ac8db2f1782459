import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded before a program (`node --import`): kills it with SIGKILL before its MILLRACE_TEST_KILL_AT-th change below its
 * state folder.
 */
const folder = process.env.MILLRACE_STATE!;
const killAt = Number(process.env.MILLRACE_TEST_KILL_AT);
let changes = 0;

type Functions = Record<string, (...values: unknown[]) => unknown>;

function watch(owner: Functions, name: string, isChange: (...values: unknown[]) => boolean): void {
  const original = owner[name]!;
  owner[name] = function (this: unknown, ...values: unknown[]) {
    if (String(values[0]).startsWith(folder) && isChange(...values)) {
      changes += 1;
      if (changes === killAt) process.kill(process.pid, 'SIGKILL');
    }
    return original.apply(this, values);
  };
}

const names = ['mkdir', 'writeFile', 'appendFile', 'rename', 'rm'];
for (const owner of [fs, fs.promises] as unknown as Functions[]) {
  for (const name of owner === (fs as unknown) ? names.map((each) => `${each}Sync`) : names) {
    watch(owner, name, () => true);
  }
}
watch(fs.promises as unknown as Functions, 'open', (_, flags) => flags !== undefined && flags !== 'r');
syncBuiltinESMExports();

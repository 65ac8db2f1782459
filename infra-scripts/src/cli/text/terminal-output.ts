import { createInterface } from 'node:readline/promises';
import { usageError } from '@millrace/kit/millrace-error';
import type { Output } from '../../deploy/output.js';
import { asCalled } from './as-called.js';

/**
 * A deployment's output on standard error, which leaves standard output to results.
 * @param yes answers every question with yes
 */
export function terminalOutput({ yes }: { yes?: true }): Output {
  let drawn = false;
  const clear = () => {
    if (drawn) process.stderr.write('\r\x1b[K');
    drawn = false;
  };
  return {
    line(text) {
      clear();
      console.error(asCalled(text));
    },
    progress(text) {
      if (!process.stderr.isTTY) return;
      process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
      drawn = true;
    },
    async confirm(question) {
      clear();
      if (yes) return true;
      if (!process.stdin.isTTY) throw usageError(`${question} stdin is not a terminal: pass --yes`);
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^(y|yes)$/i.test((await prompt.question(`${question} [y/N] `)).trim());
      } finally {
        prompt.close();
      }
    },
  };
}

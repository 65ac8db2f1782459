import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A call as the AWS SDK was given it. */
export interface Call {
  service: string;
  operation: string;
  input: Record<string, unknown>;
}

export const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import botocore']).status === 0);
if (!python) console.warn('Skipped: Python has no botocore here, so the calls were not held against its models.');

const script = fileURLToPath(new URL('../../../test/support/botocore_params.py', import.meta.url));

/** Bytes as text, as they travel in JSON. */
const plain = (_: string, value: unknown) => (value instanceof Uint8Array ? 'x' : value);

/** What botocore has against calls, a line each; '' when nothing. */
export const wrongIn = (calls: Call[]): string =>
  execFileSync(python!, [script], { input: JSON.stringify(calls, plain), encoding: 'utf8' });

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { python } from './needs.js';

/** A call as the AWS SDK was given it. */
export interface Call {
  service: string;
  operation: string;
  input: Record<string, unknown>;
}

const script = fileURLToPath(new URL('../../botocore_params.py', import.meta.url));

/** Bytes as text, as they travel in JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return 'x';
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** What botocore has against calls, a line each; '' when nothing. */
export const wrongIn = (calls: Call[]): string =>
  execFileSync(python, [script], { input: JSON.stringify(plain(calls)), encoding: 'utf8' });

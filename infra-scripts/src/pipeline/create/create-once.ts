import { isMillraceError } from '@millrace/kit/millrace-error';
import { isTransient } from '../transient.js';
import { until } from '../wait.js';
import type { Context } from './context.js';
import { createError, nameOf, refused } from './errors.js';

/** False when somebody else created it in the meantime. Retries while AWS's answer is a transient error. */
export async function createOnce(
  context: Context,
  what: string,
  create: () => Promise<unknown>,
  timeoutMs: number,
): Promise<boolean> {
  let last: unknown;
  let told = false;
  return until(
    async () => {
      try {
        await create();
        return true;
      } catch (error) {
        if (nameOf(error) === 'ResourceInUseException') return false;
        if (!isTransient(error)) throw refused(what, error);
        if (!told) context.log(`${what}: waiting, because AWS answers: ${(error as Error).message}`);
        told = true;
        last = error;
        return undefined;
      }
    },
    { what, timeoutMs, signal: context.signal },
  ).catch((error) => {
    throw last !== undefined && isMillraceError(error, 'TIMED_OUT')
      ? createError(`${error.message}; the last answer: ${(last as Error).message}`, last)
      : error;
  });
}

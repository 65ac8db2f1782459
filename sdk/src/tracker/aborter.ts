import { attempt } from './attempt.js';

export type Aborter = Pick<AbortController, 'abort'> & { signal: Pick<AbortSignal, 'aborted'> };

/** The browser's AbortController; where there is none, a plain flag, which ends our own work if not the browser's. */
export function newAborter(): Aborter {
  const signal = { aborted: false };
  const abort = () => {
    signal.aborted = true;
  };
  return attempt(() => new AbortController()) ?? { signal, abort };
}

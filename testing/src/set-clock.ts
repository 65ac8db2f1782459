import { statSync } from 'node:fs';

/**
 * Loaded with `node --import` before a program: sets its wall clock wrong, by the modification time, less 2^40 ms, of
 * the file that MILLRACE_TEST_CLOCK names. So a test sets the clock of a running process. Timers and
 * `performance.now()` go on, as they do.
 */
const file = process.env.MILLRACE_TEST_CLOCK!;
const real = Date.now;
let offset = 0;
let readAt = Number.NEGATIVE_INFINITY;

function now(): number {
  const at = performance.now();
  if (at - readAt > 50) {
    offset = statSync(file).mtimeMs - 2 ** 40;
    readAt = at;
  }
  return Math.round(real() + offset);
}

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

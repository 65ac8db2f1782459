/** Runs at most `width` pieces of work at a time, the others in the order in which they came. */
export function createLimiter(width: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    // A place that is given up goes straight to the first in line: `running` stays as it is.
    if (running < width) running++;
    else await new Promise<void>((enter) => waiting.push(enter));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

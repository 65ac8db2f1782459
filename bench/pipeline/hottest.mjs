// What takes the most time in CPU profiles.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const shown = 10;

/** The time of its own of each function in a profile, in microseconds, by name and place. */
function ownTimes({ nodes, samples, timeDeltas }) {
  const byNode = new Map();
  for (const [index, id] of samples.entries()) byNode.set(id, (byNode.get(id) ?? 0) + timeDeltas[index]);
  const times = new Map();
  for (const { id, callFrame } of nodes) {
    const file = callFrame.url.replace(/^.*\/(node_modules|dist\/src)\//, '').replace(/^file:\/\//, '');
    const name = `${callFrame.functionName || '(anonymous)'} ${file}${file ? `:${callFrame.lineNumber + 1}` : ''}`;
    times.set(name, (times.get(name) ?? 0) + (byNode.get(id) ?? 0));
  }
  return times;
}

/** Prints the functions of all profiles in the folder that take the most time, with their share of the time that is not idle. */
export function printHottest(name, folder) {
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.cpuprofile'))) {
    const times = ownTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const idle = [...times].filter(([each]) => /^\((idle|root)\)/.test(each)).map(([each]) => each);
    for (const each of idle) times.delete(each);
    const total = [...times.values()].reduce((sum, time) => sum + time, 0);
    console.log(`${name}, ${file}: ${(total / 1e6).toFixed(1)} s not idle`);
    for (const [each, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, shown))
      console.log(`${((time / total) * 100).toFixed(1).padStart(6)} %  ${each}`);
  }
}

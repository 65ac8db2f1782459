// The load as a process of its own, so that neither its arrivals nor the time of its answers wait for what else the bench does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { requestMaker } from './events.mjs';
import { closedLoop, openLoop } from './load.mjs';

const file = fileURLToPath(import.meta.url);

/** `open` and `closed` take what openLoop and closedLoop take, but for `makeRequest`, and add the CPU seconds that the load took itself. */
export async function startLoad(requests) {
  const child = fork(file, [JSON.stringify(requests)]);
  const run = async (loop, options) => {
    child.send({ loop, options });
    const [result] = await once(child, 'message');
    return result;
  };
  return {
    open: (options) => run('open', options),
    closed: (options) => run('closed', options),
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

if (process.argv[1] === file) {
  const makeRequest = requestMaker(JSON.parse(process.argv[2]));
  const loops = { open: openLoop, closed: closedLoop };
  process.on('message', async ({ loop, options }) => {
    const before = process.cpuUsage();
    const result = await loops[loop]({ ...options, makeRequest });
    const { user, system } = process.cpuUsage(before);
    process.send({ ...result, cpuSeconds: (user + system) / 1e6 });
  });
}

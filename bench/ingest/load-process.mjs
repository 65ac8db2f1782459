// The load as a process of its own, so that neither its arrivals nor the time of its answers wait for what else the bench does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { requestMaker } from './events.mjs';
import { closedLoop, openLoop } from './load.mjs';
import { makeRequests } from './requests.mjs';

const file = fileURLToPath(import.meta.url);

/**
 * `open` and `closed` take what openLoop and closedLoop take, but for `makeRequest`, and add the CPU seconds that the load took itself.
 * `requests` are the options of `requestMaker`, or `{ prepared: COUNT }`: that many gzipped ones, made before this resolves. Each loop
 * begins with the first of them, for a server that has seen none, or with number `from`.
 */
export async function startLoad(requests) {
  const child = fork(file, [JSON.stringify(requests)]);
  await once(child, 'message');
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

/** The time of sending in a prepared request, in milliseconds: 13 digits until the year 2286. */
const sentAtDigits = 13;

function preparedMaker(count) {
  const { requests } = makeRequests(count, { gzip: true });
  const sentAt = requests[0].indexOf('sent_at=') + 'sent_at='.length;
  return (from = 0) => {
    let next = from;
    return () => {
      const request = requests[next++];
      request.write(String(Date.now()), sentAt, sentAtDigits, 'latin1');
      return request;
    };
  };
}

const always = (value) => () => value;

if (process.argv[1] === file) {
  const requests = JSON.parse(process.argv[2]);
  const makerFor = requests.prepared ? preparedMaker(requests.prepared) : always(requestMaker(requests));
  const loops = { open: openLoop, closed: closedLoop };
  process.on('message', async ({ loop, options }) => {
    const makeRequest = makerFor(options.from);
    const before = process.cpuUsage();
    const result = await loops[loop]({ ...options, makeRequest });
    const { user, system } = process.cpuUsage(before);
    process.send({ ...result, cpuSeconds: (user + system) / 1e6 });
  });
  process.send('ready');
}

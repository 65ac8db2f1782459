// More than can be done, in an open loop: more than Kinesis takes, and more than the processor does.
//   npm run build && node bench/ingest/overload.mjs [--seconds 12] [--rounds 10] [--only kinesis|processor] [--json FILE]
import { setTimeout as sleep } from 'node:timers/promises';
import { openResult, readOptions } from '../result.mjs';
import { median, quantile, round, sum } from '../statistics.mjs';
import { requestMaker } from './events.mjs';
import { openLoop } from './load.mjs';
import { startLoad } from './load-process.mjs';
import { comeFirst, keepTo, separateProcessors } from './processors.mjs';
import { withIngestServer } from './server-process.mjs';

const options = readOptions({ seconds: '12', rounds: '10', only: undefined });
const seconds = Number(options.seconds);
const result = openResult('More than Kinesis takes, and more than the processor does', options.json);
const { figure } = result;
/**
 * A shared processor is half as fast again in one second as in the next. So phases are short and take turns, what is offered goes by the mean of the last
 * peaks, and what is judged is of all rounds together.
 */
const phaseSeconds = Math.min(2, seconds);
const peaksRemembered = 6;
const eventsPerRequest = 10;
const percent = (part, whole) => round((part / whole) * 100);

/** How many requests of an outcome took at most how many milliseconds inside the server, so far. */
function durations(metrics, outcome) {
  const bucket = new RegExp(`^millrace_request_duration_seconds_bucket\\{le="([^"]+)",outcome="${outcome}"\\}$`);
  return [...metrics].flatMap(([name, value]) => {
    const bound = bucket.exec(name)?.[1];
    return bound === undefined ? [] : [[bound === '+Inf' ? Infinity : Number(bound) * 1000, value]];
  });
}

/** The bucket that holds 99 % of the requests of an outcome that came since `before`, in milliseconds. */
function within(metrics, outcome, before = new Map()) {
  const earlier = new Map(durations(before, outcome));
  const counts = durations(metrics, outcome).map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]);
  const all = counts.at(-1)?.[1] ?? 0;
  return counts.find(([, count]) => count >= all * 0.99)?.[0] ?? 0;
}

const withServer = (stub, env, work, cpus) => withIngestServer({ stub: { check: 'none', ...stub }, env, cpus }, work);

// A stream that takes less than AWS's, so that the processor is not the limit, and a spool so small that it is full before the end.
const takesBytesPerSecond = 600_000;
async function moreThanKinesis() {
  await withServer(
    { shards: 2, shardBytesPerSecond: takesBytesPerSecond / 2 },
    { MILLRACE_SPOOL_MAX_BYTES: String(8 * 2 ** 20) },
    async (stub, server) => {
      const makeRequest = requestMaker({ visitors: 20_000, events: eventsPerRequest });
      const load = { port: server.port, makeRequest, seconds };
      const goodput = async (perSecond) => {
        const [from, began] = [stub.events, performance.now()];
        let until;
        const result = await openLoop({ ...load, perSecond, onSent: () => (until = [stub.events, performance.now()]) });
        return { ...result, events: ((until[0] - from) / (until[1] - began)) * 1000 };
      };
      const takes = takesBytesPerSecond / 570 / eventsPerRequest;
      await goodput(takes / 4);
      let peak = 0;
      for (const share of [0.9, 1.1]) {
        peak = Math.max(peak, (await goodput(takes * share)).events);
        while ((await server.metrics()).get('millrace_spool_events') > 0) await sleep(100);
      }
      const memory = server.watchMemory();
      const over = await goodput(takes * 5);
      const grown = memory.stop();
      console.log(
        `Kinesis takes ${round(peak)} events/s at most; offered ${round(takes * 5 * eventsPerRequest)}: statuses ${JSON.stringify(over.statuses)}, p50 of accepted ${round(over.p50)} ms`,
      );
      const what = '5 x what Kinesis takes';
      const good = percent(over.events, peak);
      figure(`${what}: goodput, of the peak, %`, good, '>= 90', over.events >= 0.9 * peak);
      figure(`${what}: p99 of accepted, ms`, round(over.p99), '<= 250', over.p99 <= 250);
      const metrics = await server.metrics();
      figure(`${what}: 99 % of accepted within, inside the server, ms`, within(metrics, 'accepted'));
      const refused = within(metrics, 'refused');
      figure(`${what}: 99 % of refusals within, inside the server, ms`, refused, '<= 5', refused <= 5);
      figure(`${what}: memory grew, MiB`, round(grown.grownMiB), '<= 64', grown.grownMiB <= 64);
    },
  );
}

/** What the server and its event loop's thread took of a processor while `work` went on, in %, and the load. */
async function watched(server, work) {
  const now = () => ({
    at: performance.now() / 1000,
    all: server.usage().cpuSeconds,
    loop: server.usage().loopSeconds,
  });
  const before = now();
  const result = await work();
  const after = now();
  const share = (what) => percent(after[what] - before[what], after.at - before.at);
  const load = percent(result.cpuSeconds, after.at - before.at);
  return {
    ...result,
    took: `the server took ${share('all')} % of a processor, its event loop ${share('loop')} %; the load ${load} %`,
  };
}

/**
 * The peak is what a closed loop gets done with as many clients as help: fewer only wait for the linger and the stream. A second server that
 * refuses nobody makes it, so that refusals cost nothing; it is measured before and after each phase.
 */
async function moreThanTheProcessor() {
  comeFirst();
  const cpus = separateProcessors();
  if (cpus === undefined) console.log('Server and load share the processors: there are not two, or no taskset');
  else {
    keepTo(cpus.others);
    console.log(
      `The server stays on processor ${cpus.server}, the load and the stand-in for Kinesis on ${cpus.others}`,
    );
  }
  // As many shards as what the processor does needs at 1 MB/s each.
  const stream = { shards: 32 };
  const load = await startLoad({ visitors: 20_000, events: eventsPerRequest });
  const closed = (server, clients) =>
    watched(server, () => load.closed({ port: server.port, clients, seconds: phaseSeconds }));
  const events = (requests) => round(requests * eventsPerRequest);

  const refusedOf = ({ sent, accepted }) => round(((sent - accepted) / sent) * 100, 2);

  /** What one round found, of which it prints what is behind it. */
  function found({ over, peaks, memory, metrics, earlier, calm }) {
    const peak = (peaks[0].perSecond + peaks[1].perSecond) / 2;
    const good = over.accepted / over.sendingSeconds;
    console.log(
      `Peaks before and after ${peaks.map(({ perSecond }) => events(perSecond)).join(' and ')} events/s (${peaks[0].took}); ` +
        `offered ${events(over.sent / over.sendingSeconds)}: statuses ${JSON.stringify(over.statuses)}, ` +
        `${refusedOf(over)} % refused; goodput ${percent(good, peak)} % of their mean, p50 of accepted ${round(over.p50)} ms, p99 ${round(over.p99)} ms, the slowest ${round(over.max)} ms (${over.took}; ` +
        `99 % were sent at most ${round(over.lateP99)} ms late)`,
    );
    return {
      peak,
      good,
      latencies: over.latencies,
      p99: over.p99,
      refusal: within(metrics, 'refused', earlier),
      grownMiB: memory.grownMiB,
      calmRefused: refusedOf(calm),
      calmP99: calm.p99,
    };
  }

  function judge(rounds) {
    const middle = (name) => median(rounds.map((one) => one[name]));
    const most = (name) => Math.max(...rounds.map((one) => one[name]));
    const all = (name) => sum(rounds.map((one) => one[name]));
    const what = '1.5 x what the processor does';
    figure('rounds', rounds.length);
    const good = percent(all('good'), all('peak'));
    figure(`${what}: goodput, of the peaks beside it, %`, good, '>= 60', good >= 60);
    const p99 = round(
      quantile(
        rounds.flatMap((one) => one.latencies),
        0.99,
      ),
    );
    figure(`${what}: p99 of accepted, ms`, p99, '<= 250', p99 <= 250);
    figure(`${what}: the median round’s p99 of accepted, ms`, round(middle('p99')));
    const refusal = most('refusal');
    figure(`${what}: 99 % of refusals within, in any round, ms`, refusal, '<= 5', refusal <= 5);
    const grown = round(most('grownMiB'));
    figure(`${what}: memory grew, in any round, MiB`, grown, '<= 64', grown <= 64);
    figure('0.75 x the peak: refused, %', round(middle('calmRefused'), 2));
    figure('0.75 x the peak: p99 of accepted, ms', round(middle('calmP99')));
  }

  async function measure(unlimited, server) {
    let [clients, most] = [0, 0];
    await closed(unlimited, 256);
    for (const some of [16, 64, 256, 512, 1024]) {
      const found = await closed(unlimited, some);
      console.log(
        `${String(some).padStart(6)} clients: ${events(found.perSecond)} events/s, p50 ${round(found.p50)} ms; ${found.took}`,
      );
      if (found.perSecond > most) [clients, most] = [some, found.perSecond];
    }
    const open = (share, peak, phaseSeconds) =>
      load.open({ port: server.port, perSecond: share * peak, seconds: phaseSeconds, connections: 2000 });
    // The one that refuses must be as warm as the one that the peak is of: compile how to accept and how to refuse, and grow to what it needs.
    for (let i = 0; i < 3; i++) await closed(server, clients);
    await open(1.5, most, 4);
    const peaks = [];
    const peak = async () => {
      peaks.push(await closed(unlimited, clients));
      return peaks.at(-1);
    };
    const usual = () => {
      const last = peaks.slice(-peaksRemembered);
      return sum(last.map(({ perSecond }) => perSecond)) / last.length;
    };
    while (peaks.length < 3) await peak();
    const rounds = [];
    // The first one is there to be warm, too: the server of the peaks has had more to do until here.
    for (let i = 0; i <= Number(options.rounds); i++) {
      const before = peaks.at(-1);
      const earlier = await server.metrics();
      const watch = server.watchMemory();
      const over = await watched(server, () => open(1.5, usual(), phaseSeconds));
      const memory = watch.stop();
      const metrics = await server.metrics();
      const after = await peak();
      // Where there is no overload nobody should be refused.
      const calm = await watched(server, () => open(0.75, usual(), phaseSeconds));
      const one = found({ over, peaks: [before, after], memory, metrics, earlier, calm });
      console.log(
        `At 0.75 x the peaks: ${refusedOf(calm)} % refused, p50 ${round(calm.p50)} ms, p99 ${round(calm.p99)} ms (${calm.took})`,
      );
      await peak();
      if (i > 0) rounds.push(one);
    }
    judge(rounds);
  }

  await withServer(
    stream,
    { MILLRACE_SHED_DELAY_MS: '0' },
    (_, unlimited) => withServer(stream, {}, (__, server) => measure(unlimited, server), cpus?.server),
    cpus?.server,
  );
  await load.stop();
}

if (options.only !== 'processor') await moreThanKinesis();
if (options.only !== 'kinesis') await moreThanTheProcessor();
result.done();

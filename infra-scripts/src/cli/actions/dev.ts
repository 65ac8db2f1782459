import { createLiveFeed } from '@millrace/demo-store/live-feed';
import { startTraffic } from '@millrace/generator';
import { definePipeline } from '../../pipeline/definition.js';
import { startAwsOnThread } from '../../runtime/aws-on-thread.js';
import { requireFreePorts } from '../../runtime/free-ports.js';
import { liveIngest } from '../../runtime/live-observers.js';
import { logOutput } from '../../runtime/log-output.js';
import { runUntilShutdown } from '../../runtime/run-until-shutdown.js';
import { serveAws } from '../../runtime/serve-aws.js';
import { serveIngest } from '../../runtime/serve-ingest.js';
import { serveStore } from '../../runtime/serve-store.js';
import { stateFolder } from '../../state/state-folder.js';
import { launcherFrom } from '../text/launcher.js';
import { welcome } from '../text/welcome.js';

/** The slow trickle of synthetic shoppers that shows life; bounded, so that a forgotten terminal fills no disk. */
const traffic = { eventsPerSecond: 2, maxEvents: 10_000 };

/** The options of `millrace dev`. */
export interface DevOptions {
  port: number;
  ingestPort: number;
  awsPort: number;
  state?: string;
  timeScale: number;
  shards: number;
  format: 'json' | 'parquet';
  traffic: boolean;
}

interface Closable {
  close(): Promise<void>;
}

/** Runs the whole pipeline, the embedded AWS on a thread of its own, until it is told to stop. */
export function dev(options: DevOptions): Promise<void> {
  // In the order of starting; closed from the last to the first, so that each still has the one it sends to.
  const running: Closable[] = [];
  const close = async () => {
    for (const server of running.reverse()) await server.close();
  };
  return runUntilShutdown(logOutput('millrace'), async () => {
    try {
      const { failed } = await start(options, (server) => {
        running.push(server);
        return server;
      });
      return { close, failed };
    } catch (error) {
      await close();
      throw error;
    }
  });
}

/** @returns what rejects when the embedded AWS ends by itself */
async function start(
  options: DevOptions,
  keep: <Server extends Closable>(server: Server) => Server,
): Promise<{ failed: Promise<never> }> {
  const { port, ingestPort, awsPort } = options;
  const state = stateFolder(options);
  await requireFreePorts([
    { port, use: 'the demo store', option: '--port' },
    { port: ingestPort, use: 'the ingest server', option: '--ingest-port' },
    { port: awsPort, use: 'the AWS endpoint', option: '--aws-port' },
  ]);
  const feed = createLiveFeed();
  let failed: Promise<never> | undefined;
  const log = logOutput('aws');
  const pipeline = definePipeline({ shards: options.shards, format: options.format });
  const aws = keep(
    await serveAws(
      { state, port: awsPort, portOption: '--aws-port', timeScale: options.timeScale, pipeline, log },
      async ({ log: _, ...settings }) => {
        const started = await startAwsOnThread(settings, { log, feed });
        failed = started.failed;
        return started;
      },
    ),
  );
  const ingest = keep(
    await serveIngest({
      state,
      port: ingestPort,
      portOption: '--ingest-port',
      log: logOutput('ingest'),
      observer: liveIngest(feed),
      isAtHome: true,
      // Visitors, shoppers and tests have one address here.
      defaults: {
        MILLRACE_ADDRESS_REQUESTS_PER_SECOND: '0',
        MILLRACE_ADDRESS_BYTES_PER_SECOND: '0',
      },
    }),
  );
  const store = keep(await serveStore({ state, port, portOption: '--port', ingestUrl: ingest.url, feed }));
  if (options.traffic) {
    const shoppers = startTraffic({ url: ingest.url, key: 'demo', ...traffic, log: logOutput('shoppers') });
    keep({ close: () => shoppers.stop() });
  }
  console.log(
    welcome({
      storeUrl: store.url,
      ingestUrl: ingest.url,
      awsUrl: aws.url,
      state,
      cwd: process.cwd(),
      launcher: launcherFrom(process.cwd()),
      stateFoundByItself: stateFolder(),
      ...(options.traffic ? { traffic } : {}),
    }),
  );
  return { failed: failed! };
}

import { createLiveFeed } from '@millrace/demo-store/live-feed';
import { startTraffic } from '@millrace/generator';
import { type Command, Option } from 'commander';
import { definePipeline } from '../pipeline/definition.js';
import { serveAws } from '../runtime/aws.js';
import { stateFolder } from '../runtime/context.js';
import { serveIngest } from '../runtime/ingest.js';
import { liveDelivery, liveIngest } from '../runtime/live-observers.js';
import { parsePort } from '../runtime/ports.js';
import { sayer } from '../runtime/say.js';
import { serveStore } from '../runtime/store.js';
import { untilStopped } from '../runtime/until-stopped.js';
import { awsPort, ingestPort, lakeFormat, shards, stateOption, storePort, timeScale } from './serve-options.js';
import { welcome } from './welcome.js';

/** The slow trickle of synthetic shoppers that shows life; bounded, so that a forgotten terminal fills no disk. */
const trafficEventsPerSecond = 2;
const trafficMaxEvents = 10_000;

interface DevOptions {
  port: string;
  ingestPort: string;
  awsPort: string;
  state?: string;
  timeScale: number;
  shards: number;
  format: 'json' | 'parquet';
  traffic: boolean;
}

export function addDev(program: Command): void {
  program
    .command('dev')
    .description('Run everything on this machine: demo store, live view, ingest server and the embedded AWS')
    .addOption(storePort())
    .addOption(new Option('--ingest-port <port>', "the ingest server's port").default(ingestPort))
    .addOption(new Option('--aws-port <port>', "the embedded AWS's port").default(awsPort))
    .addOption(stateOption())
    .addOption(timeScale())
    .addOption(shards())
    .addOption(lakeFormat())
    .option('--no-traffic', 'no synthetic shoppers')
    .action(dev);
}

async function dev(options: DevOptions): Promise<void> {
  const ports = {
    store: parsePort(options.port, '--port'),
    ingest: parsePort(options.ingestPort, '--ingest-port'),
    aws: parsePort(options.awsPort, '--aws-port'),
  };
  const state = stateFolder(options);
  const pipeline = definePipeline({ shards: options.shards, format: options.format });
  const feed = createLiveFeed();
  // In the order of starting; closed from the last to the first, so that each part still has the one it sends to.
  const started: { close(): Promise<void> }[] = [];
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    started.push(part);
    return part;
  };
  const close = async () => {
    for (const part of started.reverse()) await part.close();
  };
  try {
    const aws = keep(
      await serveAws({
        state,
        port: ports.aws,
        portOption: '--aws-port',
        timeScale: options.timeScale,
        pipeline,
        log: sayer('aws'),
        observer: liveDelivery(feed),
      }),
    );
    const ingest = keep(
      await serveIngest({
        state,
        port: ports.ingest,
        portOption: '--ingest-port',
        log: sayer('ingest'),
        observer: liveIngest(feed),
      }),
    );
    const store = keep(
      await serveStore({ state, port: ports.store, portOption: '--port', ingestUrl: ingest.url, feed }),
    );
    if (options.traffic) {
      const traffic = startTraffic({
        url: ingest.url,
        key: 'demo',
        eventsPerSecond: trafficEventsPerSecond,
        maxEvents: trafficMaxEvents,
        log: sayer('shoppers'),
      });
      keep({ close: () => traffic.stop() });
    }
    console.log(
      welcome({
        storeUrl: store.url,
        ingestUrl: ingest.url,
        awsUrl: aws.url,
        state,
        cwd: process.cwd(),
        stateFoundByItself: stateFolder(),
        ...(options.traffic
          ? { traffic: { eventsPerSecond: trafficEventsPerSecond, maxEvents: trafficMaxEvents } }
          : {}),
      }),
    );
  } catch (error) {
    await close();
    throw error;
  }
  await untilStopped(close, sayer('millrace'));
}

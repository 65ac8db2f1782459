import { join } from 'node:path';
import { storeCatalogue } from '@millrace/demo-store';
import {
  createKinesisSink,
  type IngestObserver,
  loadConfig,
  type Sink,
  startIngestServer,
} from '@millrace/ingest-server';
import { openStateFolder } from '../state/state-folder.js';
import { awsTarget, endpointOfEnvironment } from '../targets/aws-target.js';
import { ingestHosts } from './answered-hosts.js';
import { createFoundStream } from './found-stream.js';
import { startListening } from './listen.js';
import { announced, refuseSecond, type StartedServer } from './started-server.js';

/** How to run the ingest server. */
export interface ServeIngestOptions {
  state: string;
  port: number;
  portOption: string;
  log: (line: string) => void;
  observer?: IngestObserver;
  /** Settings that count where the environment has none. */
  defaults?: Readonly<Record<string, string>>;
  /** Aborts a start that is under way. */
  signal?: AbortSignal;
  /** The embedded AWS of the state folder, whatever the environment names. */
  isAtHome?: true;
  /** AWS itself, in this region. */
  region?: string | undefined;
}

/** The stream at the place that the environment, or `--region`, names; else at the embedded AWS on the state folder. */
function streamOf(stream: string, { state, region, isAtHome }: ServeIngestOptions): Sink {
  const endpointUrl = endpointOfEnvironment();
  if (isAtHome || (region === undefined && endpointUrl === undefined)) return createFoundStream(stream, state);
  const { requestHandler: _, ...clientConfig } = awsTarget({ state, region, endpointUrl }).clientConfig;
  return createKinesisSink({ stream, clientConfig });
}

/**
 * The ingest server, as it runs in production: configured by the environment, with this machine's values where the
 * environment has none (the embedded AWS that runs on the state folder, now or later, a spool beside it, the demo's
 * write key).
 */
export async function serveIngest(options: ServeIngestOptions): Promise<StartedServer> {
  refuseSecond(options.state, 'ingest');
  const listen = { port: options.port, use: 'the ingest server', option: options.portOption };
  const server = await startListening(listen, async () => {
    openStateFolder(options.state);
    const configured = loadConfig({
      MILLRACE_HOST: '127.0.0.1',
      MILLRACE_SPOOL_FOLDER: join(options.state, 'spool'),
      MILLRACE_WRITE_KEYS: 'demo',
      MILLRACE_ORIGINS: '*',
      // A loop that shares two processors with all the rest is late for other reasons than too many requests.
      MILLRACE_SHED_DELAY_MS: '0',
      ...options.defaults,
      ...process.env,
      MILLRACE_PORT: String(options.port),
      // So that no page of another site reaches it by a name of its own.
      MILLRACE_HOSTS: ingestHosts(),
    });
    const config = process.env.MILLRACE_CATALOGUE ? configured : { ...configured, catalogue: storeCatalogue };
    return startIngestServer(config, {
      log: options.log,
      sink: streamOf(config.stream, options),
      ...(options.observer ? { observer: options.observer } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  });
  return announced(options.state, 'ingest', server);
}

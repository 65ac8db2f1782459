import { join } from 'node:path';
import { storeCatalogue } from '@millrace/demo-store';
import { type IngestObserver, loadConfig, startIngestServer } from '@millrace/ingest-server';
import { localCredentials, localRegion } from '@millrace/kit/local-aws';
import { runningServer } from '../state/running-servers.js';
import { openStateFolder } from '../state/state-folder.js';
import { isLoopback } from '../targets/aws-target.js';
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
}

/** What a person would export before starting the server; credentials that are exported already stay. */
function pointSdkAt(endpoint: string): void {
  process.env.AWS_ENDPOINT_URL = endpoint;
  process.env.AWS_REGION = localRegion;
  process.env.AWS_ACCESS_KEY_ID ??= localCredentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY ??= localCredentials.secretAccessKey;
}

/**
 * The ingest server, as it runs in production: configured by the environment, with this machine's values where the
 * environment has none (the embedded AWS that runs on the state folder, a spool beside it, the demo's write key).
 */
export async function serveIngest(options: ServeIngestOptions): Promise<StartedServer> {
  refuseSecond(options.state, 'ingest');
  const endpoint = process.env.AWS_ENDPOINT_URL || runningServer(options.state, 'aws')?.url;
  if (endpoint && URL.canParse(endpoint) && isLoopback(endpoint)) pointSdkAt(endpoint);
  const listen = { port: options.port, use: 'the ingest server', option: options.portOption };
  const server = await startListening(listen, async () => {
    openStateFolder(options.state);
    const configured = loadConfig({
      MILLRACE_HOST: '127.0.0.1',
      MILLRACE_SPOOL_FOLDER: join(options.state, 'spool'),
      MILLRACE_WRITE_KEYS: 'demo',
      MILLRACE_ORIGINS: '*',
      // With everything in one process the loop is late for other reasons than too many requests.
      MILLRACE_SHED_DELAY_MS: '0',
      ...options.defaults,
      ...process.env,
      MILLRACE_PORT: String(options.port),
    });
    const config = process.env.MILLRACE_CATALOGUE ? configured : { ...configured, catalogue: storeCatalogue };
    return startIngestServer(config, {
      log: options.log,
      ...(options.observer ? { observer: options.observer } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  });
  return announced(options.state, 'ingest', server);
}

import { closeOnShutdown } from '../../runtime/close-on-shutdown.js';
import { parsePort } from '../../runtime/listen.js';
import { logOutput } from '../../runtime/log-output.js';
import { serveIngest } from '../../runtime/serve-ingest.js';
import { stateFolder } from '../../state/state-folder.js';

/** The options of `millrace ingest`. */
export interface IngestOptions {
  port: string;
  state?: string;
}

/** Runs the ingest server until it is told to stop. */
export async function ingest(options: IngestOptions): Promise<void> {
  const log = logOutput('ingest');
  const server = await serveIngest({
    state: stateFolder(options),
    port: parsePort(options.port, '--port'),
    portOption: '--port',
    log,
  });
  console.log(`The ingest server is at ${server.url}.`);
  await closeOnShutdown(() => server.close(), log);
}

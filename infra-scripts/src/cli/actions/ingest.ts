import { logOutput } from '../../runtime/log-output.js';
import { runUntilShutdown } from '../../runtime/run-until-shutdown.js';
import { serveIngest } from '../../runtime/serve-ingest.js';
import { stateFolder } from '../../state/state-folder.js';

/** The options of `millrace ingest`. */
export interface IngestOptions {
  port: number;
  state?: string;
}

/** Runs the ingest server until it is told to stop. */
export function ingest(options: IngestOptions): Promise<void> {
  const log = logOutput('ingest');
  return runUntilShutdown(log, async (signal) => {
    const state = stateFolder(options);
    const server = await serveIngest({ state, port: options.port, portOption: '--port', log, signal });
    console.log(`The ingest server is at ${server.url}.`);
    return server;
  });
}

import { logOutput } from '../../runtime/log-output.js';
import { runUntilShutdown } from '../../runtime/run-until-shutdown.js';
import { serveStore } from '../../runtime/serve-store.js';
import { stateFolder } from '../../state/state-folder.js';
import { ingestTarget } from '../../targets/ingest-target.js';

/** The options of `millrace store`. */
export interface StoreOptions {
  port: number;
  state?: string;
  to?: string;
}

/** Runs the demo store until it is told to stop. */
export function store(options: StoreOptions): Promise<void> {
  return runUntilShutdown(logOutput('store'), async () => {
    const server = await serveStore({
      state: stateFolder(options),
      port: options.port,
      portOption: '--port',
      ingestUrl: ingestTarget(options.to, options),
    });
    console.log(
      `The demo store is at ${server.url}. The live view needs the whole pipeline in one process: millrace dev`,
    );
    return server;
  });
}

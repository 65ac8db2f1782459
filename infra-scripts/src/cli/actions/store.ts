import { logOutput } from '../../runtime/log-output.js';
import { runUntilShutdown } from '../../runtime/run-until-shutdown.js';
import { serveStore } from '../../runtime/serve-store.js';
import { runningServer } from '../../state/running-servers.js';
import { stateFolder } from '../../state/state-folder.js';
import { ingestTarget } from '../../targets/ingest-target.js';
import { asCalled } from '../text/as-called.js';

/** Where `millrace ingest` is, unless it is told otherwise. */
const defaultIngestUrl = 'http://127.0.0.1:8080';

/** The options of `millrace store`. */
export interface StoreOptions {
  port: number;
  state?: string;
  to?: string;
}

/** Runs the demo store until it is told to stop. */
export function store(options: StoreOptions): Promise<void> {
  return runUntilShutdown(logOutput('store'), async () => {
    const state = stateFolder(options);
    const isThere = options.to !== undefined || runningServer(state, 'ingest') !== undefined;
    const ingestUrl = isThere ? ingestTarget(options.to, options) : defaultIngestUrl;
    const server = await serveStore({ state, port: options.port, portOption: '--port', ingestUrl });
    if (!isThere)
      console.log(`No ingest server runs on this state folder yet: pages look for it at ${defaultIngestUrl}.`);
    console.log(
      asCalled(
        `The demo store is at ${server.url}. The live view needs the whole pipeline in one process: millrace dev`,
      ),
    );
    return server;
  });
}
